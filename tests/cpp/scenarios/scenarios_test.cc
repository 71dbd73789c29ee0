// Every file below tests/scenarios, through the C++ engine: one test a file, named by its path.
//
// LOCALSQS_SCENARIOS names another directory; LOCALSQS_REWRITE_SCENARIOS=1 writes what the engine answered into the
// files, to be reviewed as a diff.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "scenarios/engine_door.h"
#include "scenarios/scenario_runner.h"

namespace sqs::scenarios {
namespace {

namespace fs = std::filesystem;

fs::path Directory() {
  if (const char* given = std::getenv("LOCALSQS_SCENARIOS")) return given;
  return fs::path(LOCALSQS_SOURCE_DIR) / "tests" / "scenarios";
}

std::vector<std::string> Files() {
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(Directory())) {
    if (entry.path().extension() == ".txt") files.push_back(fs::relative(entry.path(), Directory()).generic_string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

class ScenarioTest : public testing::TestWithParam<std::string> {};

TEST_P(ScenarioTest, AnswersAsWritten) {
  fs::path path = Directory() / GetParam();
  Scenario scenario = ParseScenario(ReadFile(path));
  if (!scenario.RunsThrough("engine")) GTEST_SKIP() << "not through this door";
  std::unique_ptr<Door> door = MakeEngineDoor(scenario.engine_options);
  std::vector<std::vector<std::string>> outputs = Play(scenario, *door);
  if (std::getenv("LOCALSQS_REWRITE_SCENARIOS") != nullptr) {
    std::ofstream(path, std::ios::binary) << WithOutputs(scenario, outputs);
    return;
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Block& block = scenario.blocks[i];
    EXPECT_EQ(Joined(outputs[i]), Joined(block.expected))
        << "tests/scenarios/" << GetParam() << ":" << block.line << "\n"
        << Joined(block.source);
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, ScenarioTest, testing::ValuesIn(Files()), [](const auto& info) {
  std::string name = info.param.substr(0, info.param.rfind('.'));
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
});

}  // namespace
}  // namespace sqs::scenarios
