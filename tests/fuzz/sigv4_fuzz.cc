// Signatures of requests: whatever is read can be signed, verifies when it is signed right, and does not when the body,
// the method or the secret is another one.
//
// A line "METHOD TARGET", header lines "Name: value", an empty line, the body.
#include <map>

#include "absl/strings/ascii.h"
#include "structs.h"
#include "wire/sigv4.h"

namespace sqs::fuzz {
namespace {

constexpr char kSecret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

class Fields : public wire::HeaderFields {
 public:
  void Add(absl::string_view line) {
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) return;
    fields_[absl::AsciiStrToLower(line.substr(0, colon))] =
        std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  std::optional<std::string> Value(absl::string_view name) const override {
    const auto found = fields_.find(absl::AsciiStrToLower(name));
    return found == fields_.end() ? std::nullopt : std::optional<std::string>(found->second);
  }

 private:
  std::map<std::string, std::string> fields_;
};

// Now, or when the signature says that it was made, if it says so.
absl::Time TimeOf(const wire::Signature& signature) {
  absl::Time at;
  std::string error;
  const bool sound = absl::ParseTime("%E4Y%m%dT%H%M%SZ", signature.signed_at, absl::UTCTimeZone(), &at, &error);
  return sound ? at : absl::FromUnixSeconds(1767225600);
}

void CheckVerifying(const wire::SignedParts& parts, wire::Signature signature) {
  const absl::Time now = TimeOf(signature);
  if (const absl::Status as_sent = wire::VerifySignature(parts, signature, kSecret, now); !as_sent.ok()) {
    CheckRefusal(as_sent);
  }
  signature.signature = wire::ComputeSignature(parts, signature, kSecret);
  FUZZ_CHECK(signature.signature.size() == 64);
  const absl::Status status = wire::VerifySignature(parts, signature, kSecret, now);
  if (!status.ok()) return CheckRefusal(status);  // Of another service, without a host, at no time.

  const std::string other_body = std::string(parts.body) + "x";
  FUZZ_CHECK(
      !wire::VerifySignature({parts.method, parts.target, other_body, parts.headers}, signature, kSecret, now).ok());
  const std::string other_method = std::string(parts.method) + "x";
  FUZZ_CHECK(
      !wire::VerifySignature({other_method, parts.target, parts.body, parts.headers}, signature, kSecret, now).ok());
  FUZZ_CHECK(!wire::VerifySignature(parts, signature, "another secret", now).ok());
  FUZZ_CHECK(!wire::VerifySignature(parts, signature, kSecret, now + absl::Hours(24 * 8)).ok());
  signature.signature[7] = signature.signature[7] == '0' ? '1' : '0';
  FUZZ_CHECK(!wire::VerifySignature(parts, signature, kSecret, now).ok());
}

}  // namespace

void Run(absl::string_view input) {
  const absl::string_view line = TakeLine(&input);
  const absl::string_view method = line.substr(0, line.find(' '));
  const absl::string_view target = line.substr(std::min(line.size(), method.size() + 1));
  Fields fields;
  for (absl::string_view header = TakeLine(&input); !header.empty(); header = TakeLine(&input)) fields.Add(header);

  const wire::SignedParts parts{method, target, input, fields};
  const auto signature = wire::ReadSignature(parts);
  if (!signature.ok()) return CheckRefusal(signature.status());
  if (signature->has_value()) CheckVerifying(parts, **signature);
}

}  // namespace sqs::fuzz
