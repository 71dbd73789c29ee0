#include "scenarios/command_parser.h"

#include <cctype>
#include <stdexcept>

namespace sqs::scenarios {
namespace {

void AppendUtf8(std::string* out, unsigned long code) {
  auto tail = [&](int shift) { out->push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3F))); };
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (code >> 6)));
    tail(0);
  } else if (code < 0x10000) {  // Surrogates too: that is how a scenario writes an invalid body.
    out->push_back(static_cast<char>(0xE0 | (code >> 12)));
    tail(6), tail(0);
  } else {
    out->push_back(static_cast<char>(0xF0 | (code >> 18)));
    tail(12), tail(6), tail(0);
  }
}

bool IsIndex(const std::string& segment) {
  if (segment.empty()) return false;
  for (char c : segment) {
    if (!std::isdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

class Parser {
 public:
  Parser(const std::string& line, const Variables& variables) : line_(line), variables_(variables) {}

  Command Parse() {
    Command command;
    command.verb = Unquoted();
    for (SkipSpace(); !AtEnd(); SkipSpace()) {
      if (AtAssignment()) {
        Assignment(&command.parameters);
      } else {
        command.words.push_back(Leaf());
      }
    }
    return command;
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const {
    throw std::runtime_error(what + " at column " + std::to_string(at_ + 1) + " of: " + line_);
  }

  bool AtEnd() const { return at_ >= line_.size(); }
  char Peek() const { return AtEnd() ? '\0' : line_[at_]; }
  void Expect(char c) {
    if (Peek() != c) Fail(std::string("expected ") + c);
    ++at_;
  }
  void SkipSpace() {
    while (Peek() == ' ' || Peek() == '\t' || Peek() == '\n') ++at_;
  }
  static bool EndsWord(char c) { return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == '}' || c == ']'; }

  // Does a name followed by = { or [ stand here?
  bool AtAssignment() const {
    size_t i = at_;
    if (Peek() == '"') {
      for (++i; i < line_.size() && line_[i] != '"'; ++i) {
        if (line_[i] == '\\') ++i;
      }
      ++i;
    } else {
      while (i < line_.size() && !EndsWord(line_[i]) && !IsOneOf(line_[i], "={[$'\"")) ++i;
    }
    return i > at_ && i < line_.size() && IsOneOf(line_[i], "={[");
  }
  static bool IsOneOf(char c, const char* set) { return std::string(set).find(c) != std::string::npos; }

  void Assignment(Value* map) {
    Value* target = map;
    if (Peek() == '"') {
      target = &map->Member(Quoted());
    } else {
      std::string segment;
      while (!IsOneOf(Peek(), "={[")) {
        if (AtEnd()) Fail("expected a value");
        if (Peek() == '.') {
          target = Step(target, segment);
          segment.clear();
        } else {
          segment.push_back(Peek());
        }
        ++at_;
      }
      target = Step(target, segment);
    }
    if (Peek() == '=') ++at_;
    *target = Any();
  }

  // Entries.2: a list's place, counted from 1. Anything else: a member.
  Value* Step(Value* value, const std::string& segment) {
    if (!IsIndex(segment)) return &value->Member(segment);
    value->kind = Value::kList;
    size_t index = std::stoul(segment);
    if (index < 1 || index > value->items.size() + 1) Fail("list index out of order");
    if (index > value->items.size()) value->items.emplace_back();
    return &value->items[index - 1];
  }

  Value Any() {
    if (Peek() == '{') return Map();
    if (Peek() == '[') return List();
    return Value::Text(Leaf());
  }

  Value Map() {
    Value map = Value::Map();
    Expect('{');
    for (SkipSpace(); Peek() != '}'; SkipSpace()) {
      if (AtEnd() || !AtAssignment()) Fail("expected name=value");
      Assignment(&map);
    }
    Expect('}');
    return map;
  }

  Value List() {
    Value list = Value::List();
    Expect('[');
    for (SkipSpace(); Peek() != ']'; SkipSpace()) {
      if (AtEnd()) Fail("expected ]");
      list.items.push_back(Any());
    }
    Expect(']');
    return list;
  }

  std::string Leaf() {
    if (Peek() == '"') return Quoted();
    if (Peek() == '\'') return Raw();
    return Unquoted();
  }

  std::string Raw() {
    size_t end = line_.find('\'', at_ + 1);
    if (end == std::string::npos) Fail("expected '");
    std::string text = line_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return text;
  }

  std::string Unquoted() {
    std::string text;
    bool first = true;
    for (; !EndsWord(Peek()); first = false) {
      if (Peek() == '$' && at_ + 1 < line_.size() && line_[at_ + 1] == '{') {
        text += Braced();
      } else if (Peek() == '$' && first) {
        ++at_;
        std::string name;
        while (!EndsWord(Peek())) name.push_back(line_[at_++]);
        text += Variable(name);
      } else {
        text.push_back(line_[at_++]);
      }
    }
    return text;
  }

  std::string Quoted() {
    std::string text;
    Expect('"');
    while (Peek() != '"') {
      if (AtEnd()) Fail("expected \"");
      if (Peek() == '\\') {
        Escape(&text);
      } else if (Peek() == '$' && at_ + 1 < line_.size() && line_[at_ + 1] == '{') {
        text += Braced();
      } else {
        text.push_back(line_[at_++]);
      }
    }
    Expect('"');
    return text;
  }

  void Escape(std::string* text) {
    Expect('\\');
    char kind = Peek();
    ++at_;
    switch (kind) {
      case 'n':
        text->push_back('\n');
        break;
      case 'r':
        text->push_back('\r');
        break;
      case 't':
        text->push_back('\t');
        break;
      case 'x':
        text->push_back(static_cast<char>(Hex(2)));
        break;
      case 'u':
        AppendUtf8(text, Peek() == '{' ? BracedHex() : Hex(4));
        break;
      default:
        text->push_back(kind);
    }
  }

  unsigned long Hex(size_t digits) {
    std::string text = line_.substr(at_, digits);
    at_ += text.size();
    try {
      return std::stoul(text, nullptr, 16);
    } catch (const std::exception&) {
      Fail("expected hexadecimal digits");
    }
  }

  unsigned long BracedHex() {
    Expect('{');
    unsigned long code = Hex(line_.find('}', at_) - at_);
    Expect('}');
    return code;
  }

  // ${x*300} repeats; ${name} is a variable.
  std::string Braced() {
    size_t end = line_.find('}', at_);
    if (end == std::string::npos) Fail("expected }");
    std::string inside = line_.substr(at_ + 2, end - at_ - 2);
    at_ = end + 1;
    size_t star = inside.rfind('*');
    if (star == std::string::npos) return Variable(inside);
    std::string repeated;
    size_t times = std::stoul(inside.substr(star + 1));
    repeated.reserve(times * star);
    for (size_t i = 0; i < times; ++i) repeated.append(inside, 0, star);
    return repeated;
  }

  std::string Variable(const std::string& name) {
    std::optional<std::string> value = variables_(name);
    if (!value.has_value()) Fail("no such name: $" + name);
    return *value;
  }

  const std::string& line_;
  const Variables& variables_;
  size_t at_ = 0;
};

}  // namespace

Command ParseCommand(const std::string& line, const Variables& variables) { return Parser(line, variables).Parse(); }

}  // namespace sqs::scenarios
