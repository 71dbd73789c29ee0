// Short names for what is random: ids, handles, tokens, in order of first appearance.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sqs::scenarios {

class Names {
 public:
  // "m1" for the first `value` named with `prefix` "m", and again for the same value.
  std::string NameOf(const std::string& prefix, const std::string& value);
  // The name that `value` has already, or `value` itself.
  std::string NameIfKnown(const std::string& value) const;
  std::optional<std::string> ValueOf(const std::string& name) const;
  // `text` with every named value in it replaced by its name.
  std::string ReplaceIn(std::string text) const;

 private:
  std::map<std::string, std::string> name_of_;
  std::map<std::string, std::string> value_of_;
  std::map<std::string, int> counts_;
  std::vector<std::pair<std::string, std::string>> in_order_;  // (value, name)
};

}  // namespace sqs::scenarios
