#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cassert>

#include "base/hex.h"

namespace sqs {
namespace {

// One fetched algorithm and one reused context a thread: a third cheaper than EVP_Digest, which looks the algorithm
// up at every call (shared/measured.md).
class Hasher {
 public:
  explicit Hasher(const char* algorithm)
      : algorithm_(EVP_MD_fetch(nullptr, algorithm, nullptr)), context_(EVP_MD_CTX_new()) {
    assert(algorithm_ != nullptr && context_ != nullptr);
  }
  ~Hasher() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(algorithm_);
  }
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void Hash(absl::string_view bytes, uint8_t* out) {
    EVP_DigestInit_ex2(context_, algorithm_, nullptr);
    EVP_DigestUpdate(context_, bytes.data(), bytes.size());
    EVP_DigestFinal_ex(context_, out, nullptr);
  }

 private:
  EVP_MD* algorithm_;
  EVP_MD_CTX* context_;
};

}  // namespace

Md5Digest Md5(absl::string_view bytes) {
  thread_local Hasher hasher("MD5");
  Md5Digest digest;
  hasher.Hash(bytes, digest.data());
  return digest;
}

Sha256Digest HmacSha256(absl::string_view key, absl::string_view bytes) {
  Sha256Digest digest;
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const uint8_t*>(bytes.data()),
       bytes.size(), digest.data(), &length);
  return digest;
}

std::string Sha256Hex(absl::string_view bytes) {
  thread_local Hasher hasher("SHA256");
  Sha256Digest digest;
  hasher.Hash(bytes, digest.data());
  return HexLower(digest);
}

Md5Text HexLower(const Md5Digest& digest) {
  Md5Text text;
  PutHex16(digest.data(), text.Resize(32));
  return text;
}

std::string HexLower(const Sha256Digest& digest) {
  std::string text(64, '\0');
  PutHex16(digest.data(), text.data());
  PutHex16(digest.data() + 16, text.data() + 32);
  return text;
}

}  // namespace sqs
