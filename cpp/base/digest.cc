#include "base/digest.h"

#include <openssl/evp.h>

#include <cassert>

#include "absl/strings/escaping.h"
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

std::string Sha256Hex(absl::string_view bytes) {
  thread_local Hasher hasher("SHA256");
  char digest[32];
  hasher.Hash(bytes, reinterpret_cast<uint8_t*>(digest));
  return absl::BytesToHexString(absl::string_view(digest, sizeof(digest)));
}

std::string HexLower(const Md5Digest& digest) {
  std::string text(32, '\0');
  char* out = text.data();
  for (uint8_t byte : digest) out = PutHex(byte, out);
  return text;
}

}  // namespace sqs
