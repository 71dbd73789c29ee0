// Request structs, seen by visitors of their Fields that the codecs of cpp/wire know nothing of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "api/errors.h"
#include "api/operations.h"
#include "fuzz.h"

namespace sqs::fuzz {

// A struct as text that differs whenever two structs differ in anything: texts in hexadecimal, what is absent said.
class Describer {
 public:
  template <class Struct>
  static std::string Describe(const Struct& source) {
    Describer describer;
    Struct::Fields(describer, source);
    return describer.text_;
  }

  template <class T>
  void operator()(const FieldInfo& field, const T& member) {
    absl::StrAppend(&text_, field.name, "=", TextOf(member), "\n");
  }

 private:
  static std::string TextOf(absl::string_view text) { return absl::BytesToHexString(text); }
  static std::string TextOf(const Blob& blob) { return absl::StrCat("blob:", absl::BytesToHexString(blob.bytes)); }
  static std::string TextOf(int64_t number) { return absl::StrCat(number); }
  template <class A, class B>
  static std::string TextOf(const std::pair<A, B>& entry) {
    return absl::StrCat(TextOf(entry.first), ":", TextOf(entry.second));
  }
  template <class T>
  static std::string TextOf(const std::optional<T>& member) {
    return member.has_value() ? absl::StrCat("given ", TextOf(*member)) : "absent";
  }
  template <class T>
  static std::string TextOf(const std::vector<T>& list) {
    std::string text = "[";
    for (const T& item : list) absl::StrAppend(&text, TextOf(item), ",");
    return text + "]";
  }
  template <class Struct>
    requires requires(Describer& v, const Struct& s) { Struct::Fields(v, s); }
  static std::string TextOf(const Struct& source) {
    return absl::StrCat("{", Describe(source), "}");
  }

  std::string text_;
};

// A request as form parameters, each member that is there.
class FormWriter {
 public:
  template <class Struct>
  static std::string Write(absl::string_view action, const Struct& source) {
    FormWriter writer;
    writer.form_ = absl::StrCat("Action=", action);
    Struct::Fields(writer, source);
    return writer.form_;
  }

  template <class T>
  void operator()(const FieldInfo& field, const T& member) {
    WriteMember(field, absl::StrCat(prefix_, field.QueryName()), member);
  }

 private:
  template <class T>
  void WriteMember(const FieldInfo&, const std::string& name, const T& member) {
    WriteValue(name, member);
  }
  template <class T>
  void WriteMember(const FieldInfo& field, const std::string& name, const std::vector<std::pair<std::string, T>>& map) {
    for (size_t i = 0; i < map.size(); ++i) {
      WriteValue(absl::StrCat(name, ".", i + 1, ".", field.query_key), map[i].first);
      WriteValue(absl::StrCat(name, ".", i + 1, ".Value"), map[i].second);
    }
  }

  void WriteValue(const std::string& name, absl::string_view text) {
    absl::StrAppend(&form_, "&", name, "=");
    for (const char c : text) absl::StrAppend(&form_, "%", absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
  }
  void WriteValue(const std::string& name, int64_t number) { absl::StrAppend(&form_, "&", name, "=", number); }
  void WriteValue(const std::string& name, const Blob& blob) { WriteValue(name, absl::Base64Escape(blob.bytes)); }
  template <class T>
  void WriteValue(const std::string& name, const std::optional<T>& member) {
    if (member.has_value()) WriteValue(name, *member);
  }
  template <class T>
  void WriteValue(const std::string& name, const std::vector<T>& list) {
    for (size_t i = 0; i < list.size(); ++i) WriteValue(absl::StrCat(name, ".", i + 1), list[i]);
  }
  template <class Struct>
    requires requires(FormWriter& v, const Struct& s) { Struct::Fields(v, s); }
  void WriteValue(const std::string& name, const Struct& source) {
    const std::string outer = std::exchange(prefix_, absl::StrCat(name, "."));
    Struct::Fields(*this, source);
    prefix_ = outer;
  }

  std::string form_;
  std::string prefix_;
};

// An error that the catalogue names, and not our own fault.
inline void CheckRefusal(const absl::Status& status) {
  const ErrorInfo& info = InfoOf(status);
  if (info.code == ErrorCode::kInternalFailure) {
    Fail(__FILE__, __LINE__, "errors are of the catalogue", status.ToString());
  }
}

// Calls `visit` with an empty request of `operation`.
template <class Visit>
void WithRequestOf(Operation operation, Visit visit) {
  switch (operation) {
#define SQS_FUZZ_CASE(Name, who) \
  case Operation::k##Name:       \
    visit(Name##Request());      \
    break;
    SQS_OPERATIONS(SQS_FUZZ_CASE)
#undef SQS_FUZZ_CASE
  }
}

}  // namespace sqs::fuzz
