#include "scenarios/scenario_runner.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "scenarios/answer_text.h"
#include "scenarios/command_parser.h"
#include "scenarios/names.h"

namespace sqs::scenarios {
namespace {

constexpr char kSeparator[] = "----";

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::optional<std::string> NoVariable(const std::string&) { return std::nullopt; }

// "30s", "1ms", "5m", "12h", "4d" in seconds.
double Duration(const std::string& text) {
  size_t end = 0;
  double number = std::stod(text, &end);
  std::string unit = text.substr(end);
  if (unit == "ms") return number / 1000;
  if (unit == "s") return number;
  if (unit == "m") return number * 60;
  if (unit == "h") return number * 3600;
  if (unit == "d") return number * 86400;
  throw std::runtime_error("not a duration: " + text);
}

class Player {
 public:
  explicit Player(Door& door) : door_(door) {}

  std::vector<std::string> Block(const std::vector<std::string>& commands) {
    std::vector<std::string> lines;
    for (const std::string& command : commands) Run(command, &lines);
    return lines;
  }

 private:
  void Run(const std::string& line, std::vector<std::string>* lines) {
    size_t space = line.find(' ');
    std::string verb = line.substr(0, space);
    std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    if (verb == "repeat") {
      size_t end = 0;
      int times = std::stoi(rest, &end);
      for (index_ = 1; index_ <= times; ++index_) Run(rest.substr(end + 1), lines);
    } else if (verb == "quietly") {
      Answer answer = Call(Parse(rest));
      if (!answer.ok) Print(answer, lines);
    } else if (verb == "tally") {
      std::vector<std::string> counted;
      Run(rest, &counted);
      lines->push_back(std::to_string(counted.size()) + " lines");
    } else {
      Run(Parse(line), lines);
    }
  }

  void Run(const Command& command, std::vector<std::string>* lines) {
    const std::string word = command.words.empty() ? "" : command.words[0];
    if (command.verb == "advance") {
      door_.Advance(Duration(word));
    } else if (command.verb == "now") {
      lines->push_back(SinceStart(std::llround(door_.SecondsSinceStart() * 1000)));
    } else if (command.verb == "account") {
      caller_.account = word;
    } else if (command.verb == "region") {
      caller_.region = word;
    } else if (command.verb == "show" && word == "md5") {
      style_.show_md5 = true;
    } else if (command.verb == "faults") {
      door_.SetFaults(command.parameters);
    } else if (command.verb == "counts") {
      lines->push_back(Counts(word));
    } else {
      Print(Call(command), lines);
    }
  }

  Command Parse(const std::string& line) {
    return ParseCommand(line, [this](const std::string& name) -> std::optional<std::string> {
      if (name == "i") return std::to_string(index_);
      return names_.ValueOf(name);
    });
  }

  Answer Call(const Command& command) {
    Value parameters = command.parameters;
    if (!command.words.empty()) {
      const std::string& word = command.words[0];
      if (command.verb == "CreateQueue" || command.verb == "GetQueueUrl") {
        parameters.Member("QueueName") = Value::Text(word);
      } else if (command.verb == "StartMessageMoveTask" || command.verb == "ListMessageMoveTasks") {
        parameters.Member("SourceArn") = Value::Text(Arn(word));
      } else if (command.verb == "CancelMessageMoveTask") {
        parameters.Member("TaskHandle") = Value::Text(word);
      } else {
        parameters.Member("QueueUrl") = Value::Text(Url(word));
      }
    }
    return door_.Call(command.verb, parameters, caller_);
  }

  // "jobs", "111111111111/jobs", "eu-west-1/111111111111/jobs": whose queue, and its name.
  std::pair<ScenarioCaller, std::string> Queue(const std::string& word) const {
    ScenarioCaller owner = caller_;
    size_t last = word.rfind('/');
    if (last == std::string::npos) return {owner, word};
    std::string before = word.substr(0, last);
    size_t slash = before.find('/');
    if (slash != std::string::npos) owner.region = before.substr(0, slash);
    owner.account = slash == std::string::npos ? before : before.substr(slash + 1);
    return {owner, word.substr(last + 1)};
  }

  std::string Url(const std::string& word) {
    if (word.find("://") != std::string::npos) return word;
    auto [owner, name] = Queue(word);
    return door_.QueueUrl(owner, name);
  }

  std::string Arn(const std::string& word) const {
    if (word.find(':') != std::string::npos) return word;
    auto [owner, name] = Queue(word);
    return "arn:aws:sqs:" + owner.region + ":" + owner.account + ":" + name;
  }

  void Print(const Answer& answer, std::vector<std::string>* lines) {
    style_.queue_name = [this](const std::string& url) { return door_.QueueName(url, caller_); };
    for (std::string& line : AnswerLines(answer, style_, &names_)) lines->push_back(std::move(line));
  }

  std::string Counts(const std::string& queue) {
    Command command;
    command.verb = "GetQueueAttributes";
    command.words = {queue};
    Value names = Value::List();
    for (const char* part : {"", "NotVisible", "Delayed"}) {
      names.items.push_back(Value::Text(std::string("ApproximateNumberOfMessages") + part));
    }
    command.parameters.Member("AttributeNames") = names;
    Answer answer = Call(command);
    if (!answer.ok) return "error " + answer.shape;
    auto count = [&](const char* part) {
      const Value* attributes = answer.result.Find("Attributes");
      const Value* value =
          attributes == nullptr ? nullptr : attributes->Find(std::string("ApproximateNumberOfMessages") + part);
      return value == nullptr ? std::string("?") : value->text;
    };
    return "visible=" + count("") + " in_flight=" + count("NotVisible") + " delayed=" + count("Delayed");
  }

  Door& door_;
  ScenarioCaller caller_;
  AnswerStyle style_;
  Names names_;
  int index_ = 0;
};

}  // namespace

bool Scenario::RunsThrough(const std::string& door) const {
  return doors.empty() || std::find(doors.begin(), doors.end(), door) != doors.end();
}

Scenario ParseScenario(const std::string& text) {
  Scenario scenario;
  std::vector<std::string> lines = Lines(text);
  size_t i = 0;
  for (; i < lines.size() && !lines[i].empty(); ++i) {
    scenario.header.push_back(lines[i]);
    if (lines[i][0] == '#') continue;
    Command setting = ParseCommand(lines[i], NoVariable);
    if (setting.verb == "engine") {
      scenario.engine_options = setting.parameters;
    } else if (setting.verb == "doors") {
      scenario.doors = setting.words;
    } else {
      throw std::runtime_error("line " + std::to_string(i + 1) + ": no setting of the header: " + lines[i]);
    }
  }
  while (i < lines.size()) {
    if (lines[i].empty()) {
      ++i;
      continue;
    }
    Block block;
    block.line = static_cast<int>(i) + 1;
    for (; i < lines.size() && lines[i] != kSeparator; ++i) {
      if (lines[i].empty()) throw std::runtime_error("line " + std::to_string(i + 1) + ": ---- is missing");
      block.source.push_back(lines[i]);
      if (lines[i][0] == '#') continue;
      if (lines[i][0] == ' ' && !block.commands.empty()) {
        block.commands.back() += "\n" + lines[i];
      } else {
        block.commands.push_back(lines[i]);
      }
    }
    for (++i; i < lines.size() && !lines[i].empty(); ++i) block.expected.push_back(lines[i]);
    scenario.blocks.push_back(std::move(block));
  }
  return scenario;
}

std::vector<std::vector<std::string>> Play(const Scenario& scenario, Door& door) {
  Player player(door);
  std::vector<std::vector<std::string>> outputs;
  for (const Block& block : scenario.blocks) {
    try {
      outputs.push_back(player.Block(block.commands));
    } catch (const std::exception& error) {
      throw std::runtime_error("line " + std::to_string(block.line) + ": " + error.what());
    }
  }
  return outputs;
}

std::string WithOutputs(const Scenario& scenario, const std::vector<std::vector<std::string>>& outputs) {
  std::string text;
  for (const std::string& line : scenario.header) text += line + "\n";
  for (size_t i = 0; i < scenario.blocks.size(); ++i) {
    text += "\n";
    for (const std::string& line : scenario.blocks[i].source) text += line + "\n";
    text += std::string(kSeparator) + "\n";
    for (const std::string& line : outputs[i]) text += line + "\n";
  }
  return text;
}

}  // namespace sqs::scenarios
