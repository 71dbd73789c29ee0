// The tree that scenarios are made of: parameters as written, answers as printed.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sqs::scenarios {

// Numbers and booleans are text too: what a leaf means is known to the door, from the member it stands for.
struct Value {
  enum Kind { kText, kBytes, kList, kMap };

  Kind kind = kText;
  std::string text;
  std::vector<Value> items;
  std::vector<std::pair<std::string, Value>> members;

  static Value Text(std::string text) { return {.kind = kText, .text = std::move(text), .items = {}, .members = {}}; }
  static Value Bytes(std::string bytes) {
    return {.kind = kBytes, .text = std::move(bytes), .items = {}, .members = {}};
  }
  static Value List() { return {.kind = kList, .text = {}, .items = {}, .members = {}}; }
  static Value Map() { return {.kind = kMap, .text = {}, .items = {}, .members = {}}; }

  bool is_leaf() const { return kind == kText || kind == kBytes; }

  // The member of that name, added if need be. Turns an empty leaf into a map.
  Value& Member(const std::string& name) {
    kind = kMap;
    for (auto& [key, value] : members) {
      if (key == name) return value;
    }
    members.emplace_back(name, Value());
    return members.back().second;
  }

  const Value* Find(const std::string& name) const {
    for (const auto& [key, value] : members) {
      if (key == name) return &value;
    }
    return nullptr;
  }
};

}  // namespace sqs::scenarios
