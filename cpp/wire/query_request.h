// AWS Query, the way in: form parameters -> an api struct, by a visitor of the struct's Fields.
//
// Parameters are flat with dots between the levels: SendMessageBatchRequestEntry.2.MessageAttribute.1.Name. They are
// made a tree first; lists and maps are the numbered children of a node, in order of number, gaps tolerated
// (shared/spec/sqs.md, 1.4).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "api/types.h"
#include "base/status.h"

namespace sqs::wire {

// One level of parameter names.
struct QueryNode {
  std::optional<std::string> value;
  std::map<std::string, QueryNode> children;

  const QueryNode* Child(absl::string_view name) const;
  // The value of a child, "" if there is none.
  std::string Text(absl::string_view name) const;
  // The children called 1, 2, ... in order of number.
  std::vector<const QueryNode*> Numbered() const;
};

// Adds the parameters of a query string or form body to `*root`. False for a body with more parameters or levels than
// any request has.
bool ParseForm(absl::string_view form, QueryNode* root);
// Undoes %XX and '+'. What is malformed stays as it stands.
std::string DecodeFormText(absl::string_view text);

absl::Status ReadQueryInteger(absl::string_view name, absl::string_view text, int64_t* number);
absl::Status ReadQueryBlob(absl::string_view name, absl::string_view text, Blob* blob);

// Texts are borrowed from the nodes.
class QueryReader {
 public:
  explicit QueryReader(const QueryNode& node) : node_(node) {}

  template <class Struct>
  static absl::Status Read(const QueryNode& node, Struct* target) {
    QueryReader reader(node);
    Struct::Fields(reader, *target);
    return reader.status_;
  }

  template <class T>
  void operator()(const FieldInfo& field, T& member) {
    const QueryNode* child = node_.Child(field.QueryName());
    if (child == nullptr) {
      UseEmptyList(member);
    } else if (status_.ok()) {
      status_ = ReadMember(field, *child, &member);
    }
  }

 private:
  // Flat parameters cannot tell a list that is absent from one that is empty; the service takes it as empty.
  template <class T>
  static void UseEmptyList(std::optional<std::vector<T>>& member) {
    member.emplace();
  }
  template <class T>
  static void UseEmptyList(T&) {}

  template <class T>
  static absl::Status ReadMember(const FieldInfo& field, const QueryNode& node, T* member) {
    return ReadValue(field.name, node, member);
  }
  template <class T>
  static absl::Status ReadMember(const FieldInfo& field, const QueryNode& node,
                                 std::vector<std::pair<std::string, T>>* map) {
    for (const QueryNode* entry : node.Numbered()) {
      auto& [key, value] = map->emplace_back();
      key = entry->Text(field.query_key);
      const QueryNode* child = entry->Child("Value");
      if (child != nullptr) SQS_RETURN_IF_ERROR(ReadValue(field.name, *child, &value));
    }
    return absl::OkStatus();
  }

  static absl::Status ReadValue(absl::string_view, const QueryNode& node, std::string* text) {
    *text = node.value.value_or("");
    return absl::OkStatus();
  }
  static absl::Status ReadValue(absl::string_view, const QueryNode& node, Text* text) {
    *text = Text::Borrow(node.value.has_value() ? absl::string_view(*node.value) : "");
    return absl::OkStatus();
  }
  static absl::Status ReadValue(absl::string_view name, const QueryNode& node, int64_t* number) {
    return ReadQueryInteger(name, node.value.value_or(""), number);
  }
  static absl::Status ReadValue(absl::string_view name, const QueryNode& node, Blob* blob) {
    return ReadQueryBlob(name, node.value.value_or(""), blob);
  }
  template <class T>
  static absl::Status ReadValue(absl::string_view name, const QueryNode& node, std::optional<T>* member) {
    return ReadValue(name, node, &member->emplace());
  }
  template <class T>
  static absl::Status ReadValue(absl::string_view name, const QueryNode& node, std::vector<T>* list) {
    for (const QueryNode* item : node.Numbered()) SQS_RETURN_IF_ERROR(ReadValue(name, *item, &list->emplace_back()));
    // "AttributeName=All" without a number is a list of one.
    if (list->empty() && node.value.has_value()) return ReadValue(name, node, &list->emplace_back());
    return absl::OkStatus();
  }
  template <class Struct>
    requires std::is_class_v<Struct>
  static absl::Status ReadValue(absl::string_view, const QueryNode& node, Struct* target) {
    return Read(node, target);
  }

  const QueryNode& node_;
  absl::Status status_;
};

}  // namespace sqs::wire
