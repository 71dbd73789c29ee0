#include "wire/sigv4.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api/errors.h"
#include "base/digest.h"
#include "base/status.h"
#include "wire/query_request.h"

namespace sqs::wire {
namespace {

constexpr absl::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr absl::Duration kSkewMax = absl::Minutes(15);
// %E4Y: exactly four digits, where %Y would take all that come.
constexpr char kTimeFormat[] = "%E4Y%m%dT%H%M%SZ";

using Parameters = std::vector<std::pair<std::string, std::string>>;  // Decoded, as sent.

absl::string_view QueryOf(absl::string_view target) {
  const size_t mark = target.find('?');
  return mark == absl::string_view::npos ? absl::string_view() : target.substr(mark + 1);
}

Parameters ParametersOf(absl::string_view target) {
  Parameters parameters;
  for (absl::string_view pair : absl::StrSplit(QueryOf(target), '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    parameters.emplace_back(DecodeFormText(parts.first), DecodeFormText(parts.second));
  }
  return parameters;
}

std::string TextOf(const Parameters& parameters, absl::string_view name) {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return "";
}

absl::Status Incomplete(absl::string_view text) { return SqsError(ErrorCode::kIncompleteSignature, text); }

absl::Status Mismatch(absl::string_view text) { return SqsError(ErrorCode::kSignatureDoesNotMatch, text); }

absl::Status SetScope(absl::string_view credential, Signature* signature) {
  const std::vector<std::string> parts = absl::StrSplit(credential, '/');
  if (parts.size() != 5) {
    return Incomplete(
        absl::StrCat("Credential must have exactly 5 slash-delimited elements, e.g. "
                     "keyid/date/region/service/term, got '",
                     credential, "'"));
  }
  signature->access_key = parts[0];
  signature->date = parts[1];
  signature->region = parts[2];
  signature->service = parts[3];
  return absl::OkStatus();
}

// "Credential=..., SignedHeaders=..., Signature=..."
absl::StatusOr<std::optional<Signature>> FromHeader(absl::string_view authorization, const HeaderFields& headers) {
  Signature signature;
  std::string credential, signed_headers;
  for (absl::string_view part : absl::StrSplit(authorization.substr(kAlgorithm.size()), ',')) {
    part = absl::StripAsciiWhitespace(part);
    if (absl::ConsumePrefix(&part, "Credential=")) credential = std::string(part);
    if (absl::ConsumePrefix(&part, "SignedHeaders=")) signed_headers = std::string(part);
    if (absl::ConsumePrefix(&part, "Signature=")) signature.signature = std::string(part);
  }
  signature.signed_at = headers.Value("x-amz-date").value_or("");
  std::string missing;
  const auto require = [&missing](const std::string& value, absl::string_view name) {
    if (value.empty()) absl::StrAppend(&missing, "Authorization header requires '", name, "' parameter. ");
  };
  require(credential, "Credential");
  require(signature.signature, "Signature");
  require(signed_headers, "SignedHeaders");
  if (signature.signed_at.empty()) {
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (!missing.empty()) return Incomplete(absl::StrCat(missing, "Authorization=", authorization));
  SQS_RETURN_IF_ERROR(SetScope(credential, &signature));
  signature.signed_headers = absl::StrSplit(absl::AsciiStrToLower(signed_headers), ';');
  signature.session_token = headers.Value("x-amz-security-token").value_or("");
  signature.valid_for = kSkewMax;
  return signature;
}

absl::StatusOr<std::optional<Signature>> FromQuery(const Parameters& parameters) {
  for (absl::string_view name : {"X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"}) {
    if (TextOf(parameters, name).empty()) {
      return Incomplete(absl::StrCat("AWS query-string parameters must include '", name, "'."));
    }
  }
  Signature signature;
  SQS_RETURN_IF_ERROR(SetScope(TextOf(parameters, "X-Amz-Credential"), &signature));
  signature.signed_at = TextOf(parameters, "X-Amz-Date");
  signature.signed_headers = absl::StrSplit(absl::AsciiStrToLower(TextOf(parameters, "X-Amz-SignedHeaders")), ';');
  signature.signature = TextOf(parameters, "X-Amz-Signature");
  signature.session_token = TextOf(parameters, "X-Amz-Security-Token");
  signature.in_query = true;
  const std::string expires = TextOf(parameters, "X-Amz-Expires");
  int64_t seconds = 15 * 60;
  if (!expires.empty() && (!absl::SimpleAtoi(expires, &seconds) || seconds < 1 || seconds > 7 * 24 * 3600)) {
    return Incomplete("X-Amz-Expires must be a number between 1 and 604800.");
  }
  signature.valid_for = absl::Seconds(seconds);
  return signature;
}

// Everything but letters, digits and -._~ as %XX.
std::string UriEncode(absl::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || absl::StrContains("-._~", absl::string_view(&c, 1))) {
      encoded.push_back(c);
    } else {
      absl::StrAppend(&encoded, "%", absl::AsciiStrToUpper(absl::StrCat(absl::Hex(byte, absl::kZeroPad2))));
    }
  }
  return encoded;
}

// The path as sent, each segment encoded once more.
std::string CanonicalPath(absl::string_view target) {
  const absl::string_view path = target.substr(0, target.find('?'));
  std::vector<std::string> segments;
  for (absl::string_view segment : absl::StrSplit(path.empty() ? "/" : path, '/')) {
    segments.push_back(UriEncode(segment));
  }
  return absl::StrJoin(segments, "/");
}

std::string CanonicalQuery(absl::string_view target) {
  std::vector<std::pair<std::string, std::string>> encoded;
  for (const auto& [name, value] : ParametersOf(target)) {
    if (name != "X-Amz-Signature") encoded.emplace_back(UriEncode(name), UriEncode(value));
  }
  std::sort(encoded.begin(), encoded.end());
  return absl::StrJoin(encoded, "&", absl::PairFormatter("="));
}

// Outer white space gone, inner runs of blanks made one.
std::string CanonicalValue(absl::string_view value) {
  return absl::StrJoin(absl::StrSplit(value, ' ', absl::SkipEmpty()), " ");
}

std::string CanonicalRequest(const SignedParts& parts, const Signature& signature) {
  std::string headers;
  for (const std::string& name : signature.signed_headers) {
    absl::StrAppend(&headers, name, ":", CanonicalValue(parts.headers.Value(name).value_or("")), "\n");
  }
  return absl::StrCat(parts.method, "\n", CanonicalPath(parts.target), "\n", CanonicalQuery(parts.target), "\n",
                      headers, "\n", absl::StrJoin(signature.signed_headers, ";"), "\n", Sha256Hex(parts.body));
}

std::string Scope(const Signature& signature) {
  return absl::StrCat(signature.date, "/", signature.region, "/", signature.service, "/aws4_request");
}

absl::string_view Bytes(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// In time that does not tell where they differ.
bool SameText(absl::string_view a, absl::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

absl::Status CheckTime(const Signature& signature, absl::Time now) {
  absl::Time signed_at;
  std::string error;
  if (!absl::ParseTime(kTimeFormat, signature.signed_at, absl::UTCTimeZone(), &signed_at, &error)) {
    return Incomplete(absl::StrCat("Date must be in ISO-8601 'basic format'. Got '", signature.signed_at,
                                   "'. See http://en.wikipedia.org/wiki/ISO_8601"));
  }
  const auto text = [](absl::Time time) { return absl::FormatTime(kTimeFormat, time, absl::UTCTimeZone()); };
  const auto minutes = [](absl::Duration span) { return absl::StrCat(absl::ToInt64Minutes(span), " min."); };
  if (!absl::StartsWith(signature.signed_at, signature.date)) {
    return Mismatch(absl::StrCat(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
        "HTTP: '",
        signature.date, "' != '", signature.signed_at.substr(0, 8), "', from '", signature.signed_at, "'."));
  }
  if (signed_at + signature.valid_for < now) {
    return Mismatch(absl::StrCat("Signature expired: ", signature.signed_at, " is now earlier than ",
                                 text(now - signature.valid_for), " (", text(now), " - ", minutes(signature.valid_for),
                                 ")"));
  }
  if (signed_at > now + kSkewMax) {
    return Mismatch(absl::StrCat("Signature not yet current: ", signature.signed_at, " is still later than ",
                                 text(now + kSkewMax), " (", text(now), " + ", minutes(kSkewMax), ")"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<Signature>> ReadSignature(const SignedParts& parts) {
  const std::string authorization = parts.headers.Value("authorization").value_or("");
  if (!authorization.empty()) {
    if (!absl::StartsWith(authorization, kAlgorithm)) {
      return Incomplete(absl::StrCat("Authorization header is not of the form '", kAlgorithm, " ...'."));
    }
    return FromHeader(authorization, parts.headers);
  }
  const Parameters parameters = ParametersOf(parts.target);
  if (TextOf(parameters, "X-Amz-Algorithm") == kAlgorithm) return FromQuery(parameters);
  return std::nullopt;
}

std::string ComputeSignature(const SignedParts& parts, const Signature& signature, absl::string_view secret) {
  const std::string to_sign = absl::StrCat(kAlgorithm, "\n", signature.signed_at, "\n", Scope(signature), "\n",
                                           Sha256Hex(CanonicalRequest(parts, signature)));
  Sha256Digest key = HmacSha256(absl::StrCat("AWS4", secret), signature.date);
  for (absl::string_view part :
       {absl::string_view(signature.region), absl::string_view(signature.service), absl::string_view("aws4_request")}) {
    key = HmacSha256(Bytes(key), part);
  }
  return HexLower(HmacSha256(Bytes(key), to_sign));
}

absl::Status VerifySignature(const SignedParts& parts, const Signature& signature, absl::string_view secret,
                             absl::Time now) {
  SQS_RETURN_IF_ERROR(CheckTime(signature, now));
  if (signature.service != "sqs") {
    return Mismatch("Credential should be scoped to correct service: 'sqs'.");
  }
  const auto& names = signature.signed_headers;
  if (std::find(names.begin(), names.end(), "host") == names.end()) {
    return Mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  if (!SameText(signature.signature, ComputeSignature(parts, signature, secret))) {
    return Mismatch(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.");
  }
  return absl::OkStatus();
}

}  // namespace sqs::wire
