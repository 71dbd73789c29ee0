// AWS Query, the way out: an api struct -> XML elements appended to the output buffer, by a visitor of its Fields.
//
// Lists and maps are flattened: their element repeats (shared/spec/sqs.md, 1.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "api/types.h"
#include "wire/text.h"

namespace sqs::wire {

class XmlWriter {
 public:
  explicit XmlWriter(std::string* out) : out_(out) {}

  template <class T>
  void operator()(const FieldInfo& field, const T& member) {
    WriteMember(field, member);
  }

 private:
  template <class T>
  void WriteMember(const FieldInfo& field, const T& member) {
    Element(field.QueryName(), member);
  }
  void WriteMember(const FieldInfo& field, const std::string& text) {
    if (!text.empty()) Element(field.QueryName(), text);
  }
  void WriteMember(const FieldInfo& field, const Text& text) {
    if (!text.empty()) Element(field.QueryName(), text);
  }
  template <size_t kMax>
  void WriteMember(const FieldInfo& field, const ShortText<kMax>& text) {
    if (!text.empty()) absl::StrAppend(out_, "<", field.QueryName(), ">", text.view(), "</", field.QueryName(), ">");
  }
  template <class T>
  void WriteMember(const FieldInfo& field, const std::optional<T>& member) {
    if (member.has_value()) WriteMember(field, *member);
  }
  template <class T>
  void WriteMember(const FieldInfo& field, const std::vector<T>& list) {
    for (const T& item : list) Element(field.QueryName(), item);
  }
  template <class T>
  void WriteMember(const FieldInfo& field, const std::vector<std::pair<std::string, T>>& map) {
    for (const auto& [key, value] : map) {
      Open(field.QueryName());
      Element(field.query_key, key);
      Element("Value", value);
      Close(field.QueryName());
    }
  }

  template <class T>
  void Element(absl::string_view name, const T& value) {
    Open(name);
    Content(value);
    Close(name);
  }
  void Open(absl::string_view name) { absl::StrAppend(out_, "<", name, ">"); }
  void Close(absl::string_view name) { absl::StrAppend(out_, "</", name, ">"); }

  void Content(const std::string& text) { AppendXmlText(text, out_); }
  void Content(const Text& text) { AppendXmlText(text, out_); }
  void Content(int64_t number) { absl::StrAppend(out_, number); }
  void Content(bool flag) { out_->append(flag ? "true" : "false"); }
  void Content(const Blob& blob) { out_->append(absl::Base64Escape(blob.bytes)); }
  template <class Struct>
  void Content(const Struct& source) {
    Struct::Fields(*this, source);
  }

  std::string* const out_;
};

}  // namespace sqs::wire
