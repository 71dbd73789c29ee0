// AWS JSON 1.0, the way in: a request body -> an api struct, by a visitor of the struct's Fields.
//
// Parsed with simdjson on demand: no document is built, each member is read where it stands. Members that the struct
// does not have are passed over. Strings where numbers are expected, and the reverse, are cast; a structure, list or
// map of the wrong kind is SerializationException (shared/spec/sqs.md, 1.3).
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "api/errors.h"
#include "api/limits.h"
#include "api/types.h"
#include "base/status.h"

namespace sqs::wire {

using JsonValue = simdjson::ondemand::value;
using JsonObject = simdjson::ondemand::object;

// The text of a string, a number or a boolean, as the service casts it.
absl::Status ReadScalar(JsonValue& value, std::string* text);
// The same; a string is borrowed from the parser, which keeps it until it reads the next body.
absl::Status ReadScalar(JsonValue& value, Text* text);
absl::Status ReadInteger(JsonValue& value, int64_t* number);
absl::Status ReadBlob(JsonValue& value, Blob* blob);
bool IsNull(JsonValue& value);
absl::Status OpenObject(JsonValue& value, JsonObject* object);
absl::Status OpenArray(JsonValue& value, simdjson::ondemand::array* array);
// What any error of the parser is answered with.
absl::Status BrokenJson();

template <class Struct>
absl::Status ReadJsonObject(JsonObject& object, Struct* target);

// Reads one member: the visitor is shown every field of the struct and takes the one whose name fits.
class JsonMember {
 public:
  JsonMember(absl::string_view name, JsonValue& value) : name_(name), value_(value) {}

  // Inlined, so that the length of a name is known when this is compiled.
  template <class T>
  ABSL_ATTRIBUTE_ALWAYS_INLINE void operator()(const FieldInfo& field, T& member) {
    if (found_ || name_ != field.name) return;
    found_ = true;
    if (!IsNull(value_)) status_ = Read(value_, &member);
  }

  const absl::Status& status() const { return status_; }

 private:
  static absl::Status Read(JsonValue& value, std::string* text) { return ReadScalar(value, text); }
  static absl::Status Read(JsonValue& value, Text* text) { return ReadScalar(value, text); }
  static absl::Status Read(JsonValue& value, int64_t* number) { return ReadInteger(value, number); }
  static absl::Status Read(JsonValue& value, Blob* blob) { return ReadBlob(value, blob); }
  template <class T>
  static absl::Status Read(JsonValue& value, std::optional<T>* member) {
    return Read(value, &member->emplace());
  }
  template <class Struct>
  static absl::Status Read(JsonValue& value, Struct* target) {
    JsonObject object;
    SQS_RETURN_IF_ERROR(OpenObject(value, &object));
    return ReadJsonObject(object, target);
  }
  template <class T>
  static absl::Status Read(JsonValue& value, std::vector<T>* list) {
    simdjson::ondemand::array array;
    SQS_RETURN_IF_ERROR(OpenArray(value, &array));
    if constexpr (requires { &T::template Fields<JsonMember, T>; }) list->reserve(kBatchEntriesMax);
    for (auto element : array) {
      JsonValue item;
      if (element.get(item) != simdjson::SUCCESS) return BrokenJson();
      SQS_RETURN_IF_ERROR(Read(item, &list->emplace_back()));
    }
    return absl::OkStatus();
  }
  template <class T>
  static absl::Status Read(JsonValue& value, std::vector<std::pair<std::string, T>>* map) {
    JsonObject object;
    SQS_RETURN_IF_ERROR(OpenObject(value, &object));
    for (auto element : object) {
      std::string_view key;
      JsonValue item;
      if (element.unescaped_key().get(key) != simdjson::SUCCESS) return BrokenJson();
      auto& entry = map->emplace_back(std::string(key), T());
      if (element.value().get(item) != simdjson::SUCCESS) return BrokenJson();
      if (IsNull(item)) {
        map->pop_back();
      } else {
        SQS_RETURN_IF_ERROR(Read(item, &entry.second));
      }
    }
    return absl::OkStatus();
  }

  const absl::string_view name_;
  JsonValue& value_;
  bool found_ = false;
  absl::Status status_;
};

template <class Struct>
absl::Status ReadJsonObject(JsonObject& object, Struct* target) {
  for (auto element : object) {
    std::string_view key;
    JsonValue value;
    if (element.unescaped_key().get(key) != simdjson::SUCCESS || element.value().get(value) != simdjson::SUCCESS) {
      return BrokenJson();
    }
    JsonMember member(absl::string_view(key.data(), key.size()), value);
    Struct::Fields(member, *target);
    SQS_RETURN_IF_ERROR(member.status());
  }
  return absl::OkStatus();
}

// Reads whole bodies; keeps the parser's memory from one to the next. One for each thread.
class JsonReader {
 public:
  // `body` is followed by simdjson::SIMDJSON_PADDING readable bytes. An empty body is an empty object.
  template <class Request>
  absl::Status Read(absl::string_view body, Request* request) {
    if (body.empty()) return absl::OkStatus();
    simdjson::ondemand::document document;
    JsonObject object;
    SQS_RETURN_IF_ERROR(Open(body, &document, &object));
    SQS_RETURN_IF_ERROR(ReadJsonObject(object, request));
    // Members that were passed over are not fully validated; what follows the object is.
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS ? absl::OkStatus() : BrokenJson();
  }

 private:
  absl::Status Open(absl::string_view body, simdjson::ondemand::document* document, JsonObject* object);

  simdjson::ondemand::parser parser_;
};

}  // namespace sqs::wire
