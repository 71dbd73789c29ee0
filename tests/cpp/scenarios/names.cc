#include "scenarios/names.h"

namespace sqs::scenarios {

std::string Names::NameOf(const std::string& prefix, const std::string& value) {
  auto found = name_of_.find(value);
  if (found != name_of_.end()) return found->second;
  std::string name = prefix + std::to_string(++counts_[prefix]);
  name_of_[value] = name;
  value_of_[name] = value;
  in_order_.emplace_back(value, name);
  return name;
}

std::string Names::NameIfKnown(const std::string& value) const {
  auto found = name_of_.find(value);
  return found != name_of_.end() ? found->second : value;
}

std::optional<std::string> Names::ValueOf(const std::string& name) const {
  auto found = value_of_.find(name);
  if (found == value_of_.end()) return std::nullopt;
  return found->second;
}

std::string Names::ReplaceIn(std::string text) const {
  for (const auto& [value, name] : in_order_) {
    for (size_t at = text.find(value); at != std::string::npos; at = text.find(value, at + name.size())) {
      text.replace(at, value.size(), name);
    }
  }
  return text;
}

}  // namespace sqs::scenarios
