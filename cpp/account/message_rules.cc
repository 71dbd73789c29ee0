#include "account/message_rules.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "account/number.h"
#include "api/errors.h"
#include "api/limits.h"
#include "base/digest.h"
#include "base/status.h"
#include "base/utf8.h"

namespace sqs {
namespace {

constexpr char kInvalidCharacters[] =
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | "
    "#x10000 to #x10FFFF";
constexpr char kNotForThisQueueType[] = "The request include parameter that is not valid for this queue type";

absl::Status Invalid(absl::string_view text) { return SqsError(ErrorCode::kInvalidParameterValue, text); }

// One plain or one trailing full stop aside, "." is a name character; letters beyond ASCII are taken as the service
// takes them, although its documentation does not list them (5.3).
bool IsAttributeNameText(absl::string_view name) {
  if (name.front() == '.' || name.back() == '.' || absl::StrContains(name, "..")) return false;
  while (!name.empty()) {
    const std::optional<char32_t> c = NextCodePoint(&name);
    if (!c.has_value()) return false;
    if (*c < 0x80) {
      const auto byte = static_cast<unsigned char>(*c);
      if (!absl::ascii_isalnum(byte) && byte != '_' && byte != '-' && byte != '.') return false;
    } else if (!IsLetter(*c)) {
      return false;
    }
  }
  return true;
}

absl::Status CheckAttributeName(absl::string_view name) {
  if (name.empty()) return Invalid("The request must contain non-empty message (user) attribute names.");
  if (name.size() > kMessageAttributeNameMax) {
    return Invalid("Message (user) attribute name must be shorter than 256 bytes.");
  }
  if (absl::StartsWithIgnoreCase(name, "AWS.") || absl::StartsWithIgnoreCase(name, "Amazon.")) {
    return Invalid(
        "You can't use message attribute names beginning with 'AWS.' or 'Amazon'. These strings are reserved for "
        "internal use.");
  }
  if (!IsAttributeNameText(name)) {  // [ours]: no text is known.
    return Invalid(absl::StrCat("Message (user) attribute name '", name,
                                "' is invalid. It can contain alphanumeric characters, hyphens, underscores and "
                                "single full stops between them."));
  }
  return absl::OkStatus();
}

// "String", "Number" or "Binary": what stands before the label.
absl::string_view BaseType(absl::string_view data_type) { return data_type.substr(0, data_type.find('.')); }

absl::Status CheckAttributeType(absl::string_view name, absl::string_view data_type) {
  if (data_type.size() > kMessageAttributeTypeMax) {
    return Invalid("Message (user) attribute type must be shorter than 256 bytes.");
  }
  const absl::string_view base = BaseType(data_type);
  if ((base != "String" && base != "Number" && base != "Binary") || !IsMessageText(data_type)) {
    return Invalid(absl::StrCat("The type of message (user) attribute '", name,
                                "' is invalid. You must use only the following supported type prefixes: Binary, "
                                "Number, String."));
  }
  return absl::OkStatus();
}

absl::Status CheckAttributeValue(absl::string_view name, const AttributeValue& value) {
  const absl::string_view base = BaseType(value.data_type);
  if (!value.string_value.has_value() && !value.binary_value.has_value()) {
    return Invalid(
        absl::StrCat("The message (user) attribute '", name, "' must contain a non-empty message attribute value."));
  }
  const bool empty = base == "Binary" ? !value.binary_value.has_value() || value.binary_value->bytes.empty()
                                      : !value.string_value.has_value() || value.string_value->empty();
  if (empty) {
    return Invalid(
        absl::StrCat("Message (user) attribute '", name, "' must contain a non-empty value of type '", base, "'."));
  }
  if (base == "Binary") return absl::OkStatus();
  if (!IsMessageText(*value.string_value)) return Invalid(kInvalidCharacters);
  if (base == "Number" && !IsNumber(*value.string_value)) {
    return Invalid(absl::StrCat("Can't cast the value of message (user) attribute '", name, "' to a number."));
  }
  return absl::OkStatus();
}

absl::Status RefuseLists(const AttributeValue& value) {
  if (value.string_list_values.empty() && value.binary_list_values.empty()) return absl::OkStatus();
  return SqsError(ErrorCode::kUnsupportedOperation,
                  "Message attribute list values in SendMessage operation are not supported.");
}

absl::Status CheckMessageAttributes(const AttributeValueMap& attributes) {
  if (attributes.size() > kMessageAttributesMax) {
    return Invalid(absl::StrCat("Number of message attributes [", attributes.size(), "] exceeds the allowed maximum [",
                                kMessageAttributesMax, "]."));
  }
  for (const auto& [name, value] : attributes) {
    SQS_RETURN_IF_ERROR(CheckAttributeName(name));
    SQS_RETURN_IF_ERROR(RefuseLists(value));
    SQS_RETURN_IF_ERROR(CheckAttributeType(name, value.data_type));
    SQS_RETURN_IF_ERROR(CheckAttributeValue(name, value));
  }
  return absl::OkStatus();
}

absl::Status CheckSystemAttributes(const AttributeValueMap& attributes) {
  for (const auto& [name, value] : attributes) {
    if (name != "AWSTraceHeader") {
      return Invalid(absl::StrCat("Message system attribute name '", name, "' is invalid."));
    }
    SQS_RETURN_IF_ERROR(RefuseLists(value));
    if (value.data_type != "String") {  // [ours]
      return Invalid(
          "The type of message system attribute 'AWSTraceHeader' is invalid. You must use only the "
          "following supported type prefixes: String.");
    }
    if (!value.string_value.has_value() || value.string_value->empty()) {  // [ours], after the text of user attributes
      return Invalid("Message system attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'.");
    }
    if (!IsMessageText(*value.string_value)) return Invalid(kInvalidCharacters);
  }
  return absl::OkStatus();
}

absl::Status CheckDelay(const QueueConfig& config, const std::optional<int64_t>& delay) {
  if (!delay.has_value()) return absl::OkStatus();
  if (*delay < 0 || *delay > kDelaySecondsMax) {
    return InvalidValue(absl::StrCat(*delay), "DelaySeconds",
                        absl::StrCat("DelaySeconds must be >= 0 and <= ", kDelaySecondsMax, "."));
  }
  if (config.fifo && *delay > 0) {
    return InvalidValue(absl::StrCat(*delay), "DelaySeconds", absl::StrCat(kNotForThisQueueType, "."));
  }
  return absl::OkStatus();
}

absl::Status CheckId(absl::string_view parameter, const std::optional<std::string>& id) {
  if (!id.has_value() || IsFifoId(*id)) return absl::OkStatus();
  return InvalidValue(*id, parameter,
                      absl::StrCat(parameter, " can only include alphanumeric and punctuation characters. 1 to ",
                                   kGroupIdMax, " in length."));
}

// How many characters from the start are surely plain ASCII: no byte below 0x20 or above 0x7f. Nearly all text is that.
size_t PlainAsciiPrefix(absl::string_view text) {
  size_t i = 0;
#ifdef __SSE2__
  for (; text.size() - i >= 16; i += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    // As signed numbers, what is beyond ASCII is below all of it.
    if (_mm_movemask_epi8(_mm_cmpgt_epi8(block, _mm_set1_epi8(0x1f))) != 0xffff) return i;
  }
#endif
  while (i < text.size() && static_cast<int8_t>(text[i]) > 0x1f) ++i;
  return i;
}

void AppendWithLength(absl::string_view bytes, std::string* out) {
  const auto length = static_cast<uint32_t>(bytes.size());
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(length >> shift));
  out->append(bytes.data(), bytes.size());
}

}  // namespace

bool IsMessageText(absl::string_view text) {
  while (true) {
    text.remove_prefix(PlainAsciiPrefix(text));
    if (text.empty()) return true;
    const std::optional<char32_t> c = NextCodePoint(&text);
    if (!c.has_value()) return false;
    if (*c < 0x20 && *c != 0x9 && *c != 0xA && *c != 0xD) return false;
    if (*c == 0xFFFE || *c == 0xFFFF) return false;
  }
}

absl::Status CheckMessage(const QueueConfig& config, const MessageToSend& message, bool in_batch) {
  if (!IsMessageText(message.message_body)) {
    return SqsError(ErrorCode::kInvalidMessageContents, kInvalidCharacters);
  }
  SQS_RETURN_IF_ERROR(CheckDelay(config, message.delay_seconds));
  SQS_RETURN_IF_ERROR(CheckMessageAttributes(message.message_attributes));
  SQS_RETURN_IF_ERROR(CheckSystemAttributes(message.message_system_attributes));
  if (!config.fifo && message.message_deduplication_id.has_value()) {
    if (in_batch) return Invalid(kNotForThisQueueType);
    return InvalidValue(*message.message_deduplication_id, "MessageDeduplicationId",
                        absl::StrCat(kNotForThisQueueType, "."));
  }
  SQS_RETURN_IF_ERROR(CheckId("MessageDeduplicationId", message.message_deduplication_id));
  return CheckId("MessageGroupId", message.message_group_id);
}

absl::Status CheckFifoIds(const QueueConfig& config, const MessageToSend& message) {
  if (!message.message_group_id.has_value()) return MissingParameter("MessageGroupId");
  if (!config.content_based_deduplication && !message.message_deduplication_id.has_value()) {
    return Invalid(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly");
  }
  return absl::OkStatus();
}

int64_t AttributeBytes(const AttributeValueMap& attributes) {
  size_t bytes = 0;
  for (const auto& [name, value] : attributes) {
    bytes += name.size() + value.data_type.size();
    // Only the member that the type calls for is a value.
    if (BaseType(value.data_type) == "Binary") {
      if (value.binary_value.has_value()) bytes += value.binary_value->bytes.size();
    } else if (value.string_value.has_value()) {
      bytes += value.string_value->size();
    }
  }
  return static_cast<int64_t>(bytes);
}

int64_t MessageBytes(const MessageToSend& message) {
  return static_cast<int64_t>(message.message_body.size()) + AttributeBytes(message.message_attributes);
}

bool IsFifoId(absl::string_view id) {
  return !id.empty() && id.size() <= kGroupIdMax && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));  // 0x21 to 0x7e: letters, digits, punctuation.
  });
}

Md5Text Md5OfAttributes(const AttributeValueMap& attributes) {
  if (attributes.empty()) return {};
  std::vector<const std::pair<std::string, AttributeValue>*> sorted;
  for (const auto& attribute : attributes) sorted.push_back(&attribute);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  std::string text;
  for (const auto* attribute : sorted) {
    const AttributeValue& value = attribute->second;
    AppendWithLength(attribute->first, &text);
    AppendWithLength(value.data_type, &text);
    const bool binary = BaseType(value.data_type) == "Binary";
    text.push_back(binary ? 2 : 1);
    AppendWithLength(binary ? value.binary_value->bytes : *value.string_value, &text);
  }
  return HexLower(Md5(text));
}

}  // namespace sqs
