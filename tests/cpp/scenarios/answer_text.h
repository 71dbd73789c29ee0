// An answer as the lines of a scenario. The rules are in tests/scenarios/README.md.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "scenarios/door.h"
#include "scenarios/names.h"

namespace sqs::scenarios {

struct AnswerStyle {
  bool show_md5 = false;
  std::function<std::string(const std::string& url)> queue_name;
};

std::vector<std::string> AnswerLines(const Answer& answer, const AnswerStyle& style, Names* names);

// "+30s", "+0.001s": an instant relative to the scenario's start.
std::string SinceStart(long long milliseconds);

inline constexpr long long kStartMilliseconds = 1767225600000;  // 2026-01-01T00:00:00Z

}  // namespace sqs::scenarios
