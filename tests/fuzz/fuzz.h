// What the fuzzers share: each defines Run, and says what must hold with FUZZ_CHECK and FUZZ_EQ.
//
// Inputs are text where that is possible, so that a seed can be read, written and mended by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"

namespace sqs::fuzz {

// One input. Must not keep anything from one call to the next: a crash is found again from its input alone.
void Run(absl::string_view input);

[[noreturn]] inline void Fail(const char* file, int line, const char* what, const std::string& detail = "") {
  std::fprintf(stderr, "%s:%d: does not hold: %s\n%s\n", file, line, what, detail.c_str());
  std::abort();
}

// The part of `*input` up to the next line that is `mark` and nothing else; the whole rest if there is none.
inline absl::string_view TakePart(absl::string_view* input, absl::string_view mark) {
  const std::string line = "\n" + std::string(mark) + "\n";
  const size_t end = input->find(line);
  const absl::string_view part = input->substr(0, end);
  input->remove_prefix(end == absl::string_view::npos ? input->size() : end + line.size());
  return part;
}

// The next line of `*input`, without its end.
inline absl::string_view TakeLine(absl::string_view* input) {
  const size_t end = input->find('\n');
  const absl::string_view line = input->substr(0, end);
  input->remove_prefix(end == absl::string_view::npos ? input->size() : end + 1);
  return line;
}

}  // namespace sqs::fuzz

#define FUZZ_CHECK(condition) \
  if (!(condition)) ::sqs::fuzz::Fail(__FILE__, __LINE__, #condition)

#define FUZZ_EQ(a, b)                            \
  if (const auto &a_ = (a), &b_ = (b); a_ != b_) \
  ::sqs::fuzz::Fail(__FILE__, __LINE__, #a " == " #b, std::string(a_) + "\n-- not equal --\n" + std::string(b_))

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sqs::fuzz::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
