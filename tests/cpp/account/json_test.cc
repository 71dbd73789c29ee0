#include "account/json.h"

#include <string>

#include "gtest/gtest.h"

namespace sqs {
namespace {

TEST(JsonTest, DepthIsLimited) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(ParseJson(nested(64)).has_value());
  EXPECT_FALSE(ParseJson(nested(65)).has_value());
  EXPECT_FALSE(ParseJson(nested(5 << 20)).has_value());
  EXPECT_TRUE(ParseJson("\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\"").has_value());
}

TEST(JsonTest, CompactTextKeepsTheOrderOfMembers) {
  EXPECT_EQ(CompactJson(*ParseJson(" { \"b\" : 1 , \"a\" : [ 2.5 , null , \"\\u00e4\" ] } ")),
            "{\"b\":1,\"a\":[2.5,null,\"\xC3\xA4\"]}");
}

TEST(JsonTest, ValuesAreComparedWithoutOrderOfMembers) {
  const auto same = [](const char* a, const char* b) { return SameJson(*ParseJson(a), *ParseJson(b)); };
  EXPECT_TRUE(same(R"({"a":1,"b":[1,{"c":2,"d":3}]})", R"({ "b":[1,{"d":3,"c":2}], "a":1.0})"));
  EXPECT_FALSE(same("[1,2]", "[2,1]"));
  EXPECT_FALSE(same(R"({"a":1})", R"({"a":1,"b":2})"));
  EXPECT_FALSE(same(R"({"a":1})", R"({"b":1})"));
  EXPECT_FALSE(same("{}", "[]"));
}

TEST(JsonTest, OtherTextIsNoJson) {
  const std::string cases[] = {"",
                               "x",
                               "NaN",
                               "Infinity",
                               "1e999",
                               "01",
                               "'a'",
                               "{} {}",
                               "[1,]",
                               "\"\xFF\"",
                               "\"\xC0\x80\"",
                               "\"\\ud800\"",
                               "// c\n1",
                               "\"\n\"",
                               std::string("1\0", 2)};
  for (const std::string& text : cases) EXPECT_FALSE(ParseJson(text).has_value()) << text;
}

}  // namespace
}  // namespace sqs
