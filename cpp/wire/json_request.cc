#include "wire/json_request.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"

namespace sqs::wire {
namespace {

using simdjson::SUCCESS;
using simdjson::ondemand::json_type;

absl::Status Refuse(absl::string_view text) { return SqsError(ErrorCode::kSerialization, text); }

absl::Status WrongKind(json_type type) {
  switch (type) {
    case json_type::object:
      return Refuse("Start of structure or map found where not expected.");
    case json_type::array:
      return Refuse("Start of list found where not expected");
    default:
      return Refuse("Unrecognized collection type class java.lang.String");
  }
}

// The characters of a number or a literal as they stand in the document.
absl::string_view TokenOf(JsonValue& value) {
  const std::string_view token = value.raw_json_token();
  return absl::StripAsciiWhitespace(absl::string_view(token.data(), token.size()));
}

}  // namespace

absl::Status BrokenJson() { return Refuse("Unable to parse the request body as JSON."); }

bool IsNull(JsonValue& value) {
  bool is_null = false;
  return value.is_null().get(is_null) == SUCCESS && is_null;
}

absl::Status ReadScalar(JsonValue& value, std::string* text) {
  Text read;
  SQS_RETURN_IF_ERROR(ReadScalar(value, &read));
  text->assign(read.view().data(), read.size());
  return absl::OkStatus();
}

absl::Status ReadScalar(JsonValue& value, Text* text) {
  json_type type;
  if (value.type().get(type) != SUCCESS) return BrokenJson();
  if (type == json_type::string) {
    std::string_view string;
    if (value.get_string().get(string) != SUCCESS) return BrokenJson();
    *text = Text::Borrow(absl::string_view(string.data(), string.size()));
    return absl::OkStatus();
  }
  if (type == json_type::object || type == json_type::array) return WrongKind(type);
  *text = TokenOf(value);
  bool flag;
  double number;
  const bool sound =
      type == json_type::boolean ? value.get_bool().get(flag) == SUCCESS : value.get_double().get(number) == SUCCESS;
  return sound ? absl::OkStatus() : BrokenJson();
}

absl::Status ReadInteger(JsonValue& value, int64_t* number) {
  json_type type;
  if (value.type().get(type) != SUCCESS) return BrokenJson();
  switch (type) {
    case json_type::number:
      if (value.get_int64().get(*number) == SUCCESS) return absl::OkStatus();
      return Refuse("NUMBER_VALUE can not be converted to an Integer");
    case json_type::string: {
      std::string_view string;
      if (value.get_string().get(string) != SUCCESS) return BrokenJson();
      if (absl::SimpleAtoi(absl::string_view(string.data(), string.size()), number)) return absl::OkStatus();
      return Refuse("STRING_VALUE can not be converted to an Integer");
    }
    case json_type::boolean: {
      bool flag;
      if (value.get_bool().get(flag) != SUCCESS) return BrokenJson();
      return Refuse(flag ? "TRUE_VALUE can not be converted to an Integer"
                         : "FALSE_VALUE can not be converted to an Integer");
    }
    default:
      return WrongKind(type);
  }
}

absl::Status ReadBlob(JsonValue& value, Blob* blob) {
  std::string base64;
  SQS_RETURN_IF_ERROR(ReadScalar(value, &base64));
  if (absl::Base64Unescape(base64, &blob->bytes)) return absl::OkStatus();
  return Refuse("Unable to decode a blob: it is no base64.");
}

absl::Status OpenObject(JsonValue& value, JsonObject* object) {
  json_type type;
  if (value.type().get(type) != SUCCESS) return BrokenJson();
  if (type != json_type::object) return WrongKind(type);
  return value.get_object().get(*object) == SUCCESS ? absl::OkStatus() : BrokenJson();
}

absl::Status OpenArray(JsonValue& value, simdjson::ondemand::array* array) {
  json_type type;
  if (value.type().get(type) != SUCCESS) return BrokenJson();
  if (type != json_type::array) return WrongKind(type);
  return value.get_array().get(*array) == SUCCESS ? absl::OkStatus() : BrokenJson();
}

absl::Status JsonReader::Open(absl::string_view body, simdjson::ondemand::document* document, JsonObject* object) {
  const simdjson::padded_string_view padded(body.data(), body.size(), body.size() + simdjson::SIMDJSON_PADDING);
  if (parser_.iterate(padded).get(*document) != SUCCESS) return BrokenJson();
  return document->get_object().get(*object) == SUCCESS ? absl::OkStatus() : BrokenJson();
}

}  // namespace sqs::wire
