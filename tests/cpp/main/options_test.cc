#include "main/options.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sqs {
namespace {

std::string ErrorOf(const std::vector<std::string>& arguments) {
  const auto line = ParseCommandLine(arguments);
  return line.ok() ? "OK" : std::string(line.status().message());
}

TEST(ParseCommandLineTest, Defaults) {
  const auto line = ParseCommandLine({});
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->server.host, "127.0.0.1");
  EXPECT_EQ(line->server.port, 9324);
  EXPECT_FALSE(line->manual_clock || line->strict || line->server.beyond_loopback || line->server.log);
}

TEST(ParseCommandLineTest, BothFormsOfAValue) {
  const auto line = ParseCommandLine({"--port", "0", "--threads=2", "--clock=manual", "--seed", "7", "--strict",
                                      "--account=123456789012", "--insecure", "--log", "--region", "eu-west-1"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->server.port, 0);
  EXPECT_EQ(line->server.threads, 2);
  EXPECT_TRUE(line->manual_clock && line->strict && line->server.beyond_loopback && line->server.log);
  EXPECT_EQ(line->seed, 7u);
  EXPECT_EQ(line->server.identity.account, "123456789012");
  EXPECT_EQ(line->server.identity.region, "eu-west-1");
}

TEST(ParseCommandLineTest, RefusesWhatItDoesNotUnderstand) {
  EXPECT_EQ(ErrorOf({"serve"}), "unrecognized argument: serve");
  EXPECT_EQ(ErrorOf({"--nope=1"}), "unrecognized argument: --nope=1");
  EXPECT_EQ(ErrorOf({"--port"}), "--port needs a value");
  EXPECT_EQ(ErrorOf({"--port", "65536"}), "--port: invalid value '65536'");
  EXPECT_EQ(ErrorOf({"--port", "-1"}), "--port: invalid value '-1'");
  EXPECT_EQ(ErrorOf({"--threads=0"}), "--threads: invalid value '0'");
  EXPECT_EQ(ErrorOf({"--clock=fast"}), "--clock: invalid value 'fast'");
  EXPECT_EQ(ErrorOf({"--account=12"}), "--account: invalid value '12'");
  EXPECT_EQ(ErrorOf({"--strict=yes"}), "--strict takes no value");
}

TEST(ParseCommandLineTest, ALimitOnMemoryIsASizeAndNeedsAFile) {
  const auto limit_of = [](const std::string& size) { return ParseCommandLine({"--db=f", "--memory-limit", size}); };
  EXPECT_EQ(limit_of("1")->memory_limit, 1);
  EXPECT_EQ(limit_of("8K")->memory_limit, 8 << 10);
  EXPECT_EQ(limit_of("256M")->memory_limit, 256 << 20);
  EXPECT_EQ(limit_of("8589934591G")->memory_limit, INT64_MAX - ((1 << 30) - 1));
  for (const char* wrong : {"", "0", "0G", "-1", "1T", "1.5G", "G", "8589934592G", "9223372036854775808"}) {
    EXPECT_FALSE(limit_of(wrong).ok()) << wrong;
  }
  EXPECT_EQ(ErrorOf({"--memory-limit=1G"}),
            "--memory-limit needs --db: there is nowhere else to keep what is beyond it");
  EXPECT_FALSE(ParseCommandLine({"--db=f"})->memory_limit.has_value());
}

TEST(UsageTest, NamesEveryFlag) { EXPECT_THAT(Usage(), testing::HasSubstr("--credentials FILE")); }

}  // namespace
}  // namespace sqs
