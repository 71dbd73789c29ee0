#include "scenarios/answer_text.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

namespace sqs::scenarios {
namespace {

constexpr char kSequenceStart[] = "188";  // 18800000000000000000 is the first (7.1); too large for 64 bits.
constexpr size_t kRunMin = 41;            // A run of one letter or digit at least this long is printed as ${x*41}.

bool StartsWith(const std::string& text, const std::string& start) { return text.compare(0, start.size(), start) == 0; }

// The length of the run of one letter or digit at `at`.
size_t RunAt(const std::string& text, size_t at) {
  if (!std::isalnum(static_cast<unsigned char>(text[at]))) return 1;
  size_t end = at;
  while (end < text.size() && text[end] == text[at]) ++end;
  return end - at;
}

std::string HexEscape(unsigned char c) {
  char escaped[5];
  std::snprintf(escaped, sizeof escaped, "\\x%02x", c);
  return escaped;
}

struct Escaping {
  bool quotes = true;  // Also " and ${.
  bool bytes = false;  // Also all that is not ASCII.
};

std::string Escaped(const std::string& text, Escaping escaping) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    if (size_t run = RunAt(text, i); run >= kRunMin) {
      out += std::string("${") + text[i] + "*" + std::to_string(run) + "}";
      i += run;
      continue;
    }
    ++i;
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7F || (escaping.bytes && c >= 0x80)) {
      out += HexEscape(c);
    } else if (c == '\\' || (escaping.quotes && (c == '"' || (c == '$' && i < text.size() && text[i] == '{')))) {
      out += '\\';
      out += static_cast<char>(c);
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

// As a parameter would be written: bare if it can be, in ' if that spares escapes, else in ".
std::string Quoted(const std::string& text, bool bytes) {
  bool bare = !text.empty();
  bool raw = text.find('"') != std::string::npos;
  for (size_t i = 0; i < text.size(); i += RunAt(text, i)) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    bool control = c < 0x20 || c == 0x7F || (bytes && c >= 0x80);
    if (control || c == ' ' || std::string("\"'{}[]\\$").find(text[i]) != std::string::npos) bare = false;
    if (control || c == '\'' || c == '\\' || RunAt(text, i) >= kRunMin) raw = false;
  }
  if (raw) return "'" + text + "'";
  std::string escaped = Escaped(text, {.quotes = true, .bytes = bytes});
  return bare ? escaped : "\"" + escaped + "\"";
}

std::string QuotedKey(const std::string& key) {
  bool bare = !key.empty();
  for (char c : key) {
    if (static_cast<unsigned char>(c) < 0x80 && !std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-') {
      bare = false;
    }
  }
  return bare ? Escaped(key, {}) : "\"" + Escaped(key, {}) + "\"";
}

std::string OneLine(std::string text) {
  text = Escaped(text, {.quotes = false, .bytes = false});
  if (!text.empty() && text.back() == ' ') text.replace(text.size() - 1, 1, "\\x20");
  return text;
}

std::string MillisecondsText(const std::string& text, long long scale) {
  try {
    return SinceStart(std::stoll(text) * scale - kStartMilliseconds);
  } catch (const std::exception&) {
    return text;
  }
}

class Printer {
 public:
  Printer(const AnswerStyle& style, Names* names) : style_(style), names_(names) {}

  std::vector<std::string> Result(const Value& result) {
    std::vector<std::string> lines;
    for (const char* first : {"Successful", "Failed"}) {
      if (const Value* list = result.Find(first)) List(first, *list, &lines);
    }
    Value scalars = Value::Map();
    for (const auto& [key, value] : InOrder(result, false)) {
      if (key == "Successful" || key == "Failed") continue;
      if (value->is_leaf()) {
        scalars.members.emplace_back(key, *value);
      } else if (value->kind == Value::kMap) {
        for (const auto& [name, entry] : InOrder(*value, true))
          lines.push_back(QuotedKey(name) + "=" + Leaf(name, *entry));
        if (value->members.empty()) lines.push_back(key + "{}");
      } else {
        List(key, *value, &lines);
      }
    }
    std::string line = Members(scalars, false);
    if (!line.empty()) lines.push_back(line);
    if (lines.empty()) lines.push_back("{}");
    return lines;
  }

 private:
  using Entries = std::vector<std::pair<std::string, const Value*>>;

  // Members in an order of their own, so that no door's order matters: what names a thing first, the rest by name.
  Entries InOrder(const Value& map, bool in_map) const {
    static const std::vector<std::string> kFirst = {"Id",         "MessageId",      "ReceiptHandle",
                                                    "TaskHandle", "SequenceNumber", "Body"};
    auto rank = [&](const std::string& key) {
      return in_map ? kFirst.end() : std::find(kFirst.begin(), kFirst.end(), key);
    };
    Entries entries;
    for (const auto& [key, value] : map.members) {
      if (!style_.show_md5 && !in_map && StartsWith(key, "MD5Of")) continue;
      entries.emplace_back(key, &value);
    }
    std::sort(entries.begin(), entries.end(), [&](const auto& a, const auto& b) {
      auto ra = rank(a.first), rb = rank(b.first);
      return ra != rb ? ra < rb : a.first < b.first;
    });
    return entries;
  }

  void List(const std::string& key, const Value& list, std::vector<std::string>* lines) {
    if (list.items.empty()) lines->push_back(key + "[]");
    for (const Value& item : list.items) {
      if (item.is_leaf()) {
        lines->push_back(Leaf(key, item));
      } else if (key == "Failed") {
        lines->push_back(FailedEntry(item));
      } else {
        lines->push_back(key == "Successful" ? "Successful " + Members(item, false) : Members(item, false));
      }
    }
  }

  std::string FailedEntry(const Value& entry) {
    auto text = [&](const char* name) { return entry.Find(name) != nullptr ? entry.Find(name)->text : std::string(); };
    std::string line = "Failed Id=" + Quoted(text("Id"), false);
    if (text("SenderFault") != "true") line += " SenderFault=" + text("SenderFault");
    return line + " " + text("Code") + ": " + OneLine(names_->ReplaceIn(text("Message")));
  }

  std::string Members(const Value& map, bool in_map) {
    static const std::vector<std::string> kBare = {"MessageId", "ReceiptHandle", "TaskHandle", "SequenceNumber",
                                                   "QueueUrl"};
    std::string line;
    for (const auto& [key, value] : InOrder(map, in_map)) {
      if (!line.empty()) line += ' ';
      if (!value->is_leaf()) {
        line += QuotedKey(key) + Nested(key, *value, in_map);
      } else if (!in_map && std::find(kBare.begin(), kBare.end(), key) != kBare.end()) {
        line += Leaf(key, *value);
      } else {
        line += QuotedKey(key) + "=" + Leaf(key, *value);
      }
    }
    return line;
  }

  std::string Nested(const std::string& key, const Value& value, bool in_map) {
    if (value.kind == Value::kMap) {
      bool is_map = key == "Attributes" || key == "MessageAttributes" || key == "Tags" || in_map;
      return "{" + Members(value, is_map) + "}";
    }
    std::string line;
    for (const Value& item : value.items) {
      if (!line.empty()) line += ' ';
      line += item.is_leaf() ? Leaf(key, item) : "{" + Members(item, false) + "}";
    }
    return "[" + line + "]";
  }

  std::string Leaf(const std::string& key, const Value& leaf) {
    const std::string& text = leaf.text;
    if (leaf.kind == Value::kBytes) return Quoted(text, true);
    if (key == "MessageId" && IsUuid(text)) return names_->NameOf("m", text);
    if (key == "ReceiptHandle" && IsHandle(text)) return names_->NameOf("h", text);
    if (key == "TaskHandle" && IsHandle(text)) return names_->NameOf("t", text);
    if (key == "NextToken" && IsHandle(text)) return names_->NameOf("token", text);
    if (key == "SequenceNumber") return Sequence(text);
    if (key == "QueueUrl" || key == "QueueUrls" || key == "queueUrls") return Quoted(style_.queue_name(text), false);
    if (key == "SentTimestamp" || key == "ApproximateFirstReceiveTimestamp" || key == "StartedTimestamp") {
      return MillisecondsText(text, 1);
    }
    if (key == "CreatedTimestamp" || key == "LastModifiedTimestamp") return MillisecondsText(text, 1000);
    if (key == "MessageDeduplicationId") return Quoted(names_->NameIfKnown(text), false);
    return Quoted(text, false);
  }

  static bool IsUuid(const std::string& text) {
    if (text.size() != 36) return false;
    for (size_t i = 0; i < text.size(); ++i) {
      bool dash = i == 8 || i == 13 || i == 18 || i == 23;
      bool hex = std::isdigit(static_cast<unsigned char>(text[i])) || (text[i] >= 'a' && text[i] <= 'f');
      if (dash ? text[i] != '-' : !hex) return false;
    }
    return true;
  }

  // Base64 and at most 1,024 characters (5.4).
  static bool IsHandle(const std::string& text) {
    return !text.empty() && text.size() <= 1024 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
      return std::isalnum(c) || c == '+' || c == '/' || c == '=';
    });
  }

  // s1 is the first of its queue.
  static std::string Sequence(const std::string& text) {
    bool digits = std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
    if (text.size() != 20 || !digits || !StartsWith(text, kSequenceStart)) return text;
    return "s" + std::to_string(std::stoull(text.substr(3)) + 1);
  }

  const AnswerStyle& style_;
  Names* names_;
};

}  // namespace

std::string SinceStart(long long milliseconds) {
  std::string sign = milliseconds < 0 ? "-" : "+";
  unsigned long long size = static_cast<unsigned long long>(milliseconds < 0 ? -milliseconds : milliseconds);
  std::string text = sign + std::to_string(size / 1000);
  if (size % 1000 != 0) {
    std::string fraction = std::to_string(1000 + size % 1000).substr(1);
    while (fraction.back() == '0') fraction.pop_back();
    text += "." + fraction;
  }
  return text + "s";
}

std::vector<std::string> AnswerLines(const Answer& answer, const AnswerStyle& style, Names* names) {
  if (!answer.ok) {
    return {"error " + answer.shape + " " + answer.query_code + " " + std::to_string(answer.http_status) + ": " +
            OneLine(names->ReplaceIn(answer.text))};
  }
  if (answer.is_void && answer.result.members.empty()) return {"ok"};
  return Printer(style, names).Result(answer.result);
}

}  // namespace sqs::scenarios
