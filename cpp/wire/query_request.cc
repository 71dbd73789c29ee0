#include "wire/query_request.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "api/errors.h"

namespace sqs::wire {
namespace {

// Ten entries of ten attributes of five members, and the entries' own: far below these.
constexpr int kParametersMax = 10000;
constexpr int kLevelsMax = 8;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

const QueryNode* QueryNode::Child(absl::string_view name) const {
  const auto found = children.find(std::string(name));
  return found == children.end() ? nullptr : &found->second;
}

std::string QueryNode::Text(absl::string_view name) const {
  const QueryNode* child = Child(name);
  return child == nullptr ? "" : child->value.value_or("");
}

std::vector<const QueryNode*> QueryNode::Numbered() const {
  std::vector<std::pair<uint32_t, const QueryNode*>> numbered;
  for (const auto& [name, node] : children) {
    uint32_t number;
    if (absl::SimpleAtoi(name, &number)) numbered.emplace_back(number, &node);
  }
  std::stable_sort(numbered.begin(), numbered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const QueryNode*> nodes;
  for (const auto& [number, node] : numbered) nodes.push_back(node);
  return nodes;
}

std::string DecodeFormText(absl::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded.push_back(' ');
    } else if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0) {
      decoded.push_back(static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2])));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

bool ParseForm(absl::string_view form, QueryNode* root) {
  int parameters = 0;
  for (absl::string_view pair : absl::StrSplit(form, '&', absl::SkipEmpty())) {
    if (++parameters > kParametersMax) return false;
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    const std::string name = DecodeFormText(parts.first);
    QueryNode* node = root;
    int levels = 0;
    for (absl::string_view level : absl::StrSplit(name, '.')) {
      if (++levels > kLevelsMax) return false;
      node = &node->children[std::string(level)];
    }
    node->value = DecodeFormText(parts.second);
  }
  return true;
}

absl::Status ReadQueryInteger(absl::string_view name, absl::string_view text, int64_t* number) {
  if (absl::SimpleAtoi(text, number)) return absl::OkStatus();
  return InvalidValue(text, name, "Must be an integer.");  // [ours]: no text is known.
}

absl::Status ReadQueryBlob(absl::string_view name, absl::string_view text, Blob* blob) {
  if (absl::Base64Unescape(text, &blob->bytes)) return absl::OkStatus();
  return InvalidValue(text, name, "Must be base64.");  // [ours]
}

}  // namespace sqs::wire
