// AWS JSON 1.0, the way out: an api struct -> JSON appended to the output buffer, by a visitor of its Fields.
//
// Empty strings, lists and maps are left out, as the service leaves them out (shared/spec/sqs.md, 1.3).
#pragma once

#include <cassert>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "api/operations.h"
#include "wire/text.h"

namespace sqs::wire {

// How a Query answer in JSON (Accept: application/json) differs: maps are lists of {Name, Value}, and the messages of
// a receive sit under a lower-case name (1.4).
enum class JsonStyle { kAwsJson, kQuery };

class JsonWriter {
 public:
  explicit JsonWriter(std::string* out, JsonStyle style = JsonStyle::kAwsJson) : out_(out), style_(style) {}

  template <class Struct>
  void Write(const Struct& source) {
    out_->push_back('{');
    const bool outer_first = std::exchange(first_, true);
    Struct::Fields(*this, source);
    first_ = outer_first;
    out_->push_back('}');
  }

  // Inlined, so that the length of a name is known when this is compiled.
  template <class T>
  ABSL_ATTRIBUTE_ALWAYS_INLINE void operator()(const FieldInfo& field, const T& member) {
    if (IsAbsent(member)) return;
    AppendName(NameOf(field));
    WriteMember(field, member);
  }
  // Name and value in one piece: what nearly all of an answer is made of.
  template <size_t kMax>
  ABSL_ATTRIBUTE_ALWAYS_INLINE void operator()(const FieldInfo& field, const ShortText<kMax>& text) {
    if (text.empty()) return;
    const absl::string_view name = field.name;
    char piece[kMax + kNameBytesMax + 6];
    char* end = PutName(name, piece);
    *end++ = '"';
    std::memcpy(end, text.view().data(), text.size());
    end += text.size();
    *end++ = '"';
    out_->append(piece, static_cast<size_t>(end - piece));
  }

 private:
  static constexpr size_t kNameBytesMax = 40;

  // Names are plain: nothing in them needs an escape. Returns what follows.
  ABSL_ATTRIBUTE_ALWAYS_INLINE char* PutName(absl::string_view name, char* out) {
    assert(name.size() <= kNameBytesMax);
    if (!std::exchange(first_, false)) *out++ = ',';
    *out++ = '"';
    std::memcpy(out, name.data(), name.size());
    out += name.size();
    *out++ = '"';
    *out++ = ':';
    return out;
  }
  ABSL_ATTRIBUTE_ALWAYS_INLINE void AppendName(absl::string_view name) {
    char piece[kNameBytesMax + 4];
    out_->append(piece, static_cast<size_t>(PutName(name, piece) - piece));
  }

  absl::string_view NameOf(const FieldInfo& field) const {
    const absl::string_view name = field.name;
    return style_ == JsonStyle::kQuery && name == "Messages" ? "messages" : name;
  }

  static bool IsAbsent(const std::string& text) { return text.empty(); }
  static bool IsAbsent(const Text& text) { return text.empty(); }
  template <size_t kMax>
  static bool IsAbsent(const ShortText<kMax>& text) {
    return text.empty();
  }
  static bool IsAbsent(int64_t) { return false; }
  static bool IsAbsent(bool) { return false; }
  template <class T>
  static bool IsAbsent(const std::vector<T>& list) {
    return list.empty();
  }
  template <class T>
  static bool IsAbsent(const std::optional<T>& member) {
    return !member.has_value();
  }

  template <class T>
  void WriteMember(const FieldInfo&, const T& member) {
    WriteValue(member);
  }
  template <class T>
  void WriteMember(const FieldInfo& field, const std::vector<std::pair<std::string, T>>& map) {
    if (style_ == JsonStyle::kQuery) {
      WriteMapAsList(field, map);
    } else {
      WriteMap(map);
    }
  }

  void WriteValue(const std::string& text) { AppendJsonString(text, out_); }
  void WriteValue(const Text& text) { AppendJsonString(text, out_); }
  void WriteValue(int64_t number) { absl::StrAppend(out_, number); }
  void WriteValue(bool flag) { out_->append(flag ? "true" : "false"); }
  void WriteValue(const Blob& blob) { absl::StrAppend(out_, "\"", absl::Base64Escape(blob.bytes), "\""); }
  template <class T>
  void WriteValue(const std::optional<T>& member) {
    WriteValue(*member);
  }
  template <class T>
  void WriteValue(const std::vector<T>& list) {
    out_->push_back('[');
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_->push_back(',');
      WriteValue(list[i]);
    }
    out_->push_back(']');
  }
  template <class Struct>
  void WriteValue(const Struct& source) {
    Write(source);
  }

  template <class T>
  void WriteMap(const std::vector<std::pair<std::string, T>>& map) {
    out_->push_back('{');
    for (size_t i = 0; i < map.size(); ++i) {
      if (i > 0) out_->push_back(',');
      AppendJsonString(map[i].first, out_);
      out_->push_back(':');
      WriteValue(map[i].second);
    }
    out_->push_back('}');
  }

  template <class T>
  void WriteMapAsList(const FieldInfo& field, const std::vector<std::pair<std::string, T>>& map) {
    out_->push_back('[');
    for (size_t i = 0; i < map.size(); ++i) {
      absl::StrAppend(out_, i > 0 ? "," : "", "{\"", field.query_key, "\":");
      AppendJsonString(map[i].first, out_);
      out_->append(",\"Value\":");
      WriteValue(map[i].second);
      out_->push_back('}');
    }
    out_->push_back(']');
  }

  std::string* const out_;
  const JsonStyle style_;
  bool first_ = true;
};

}  // namespace sqs::wire
