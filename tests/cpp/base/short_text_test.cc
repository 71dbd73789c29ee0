#include "base/short_text.h"

#include <gtest/gtest.h>

#include <string>

#include "base/digest.h"
#include "base/uuid.h"

namespace sqs {
namespace {

TEST(ShortTextTest, HoldsUpToItsLength) {
  ShortText<4> text;
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text, "");
  text = "abcd";
  EXPECT_EQ(text, "abcd");
  EXPECT_EQ(text.size(), 4u);
  text = std::string("x");
  EXPECT_EQ(std::string(text), "x");
  EXPECT_FALSE(text == "xbcd");
}

TEST(ShortTextTest, EqualsWhatReadsAsText) {
  const ShortText<4> text = "ab";
  const ShortText<8> longer = "ab";
  EXPECT_EQ(text, ShortText<4>("ab"));
  EXPECT_EQ(text, longer);
  EXPECT_EQ(std::string("ab"), text);
  EXPECT_NE(text, "abc");
}

TEST(ShortTextTest, IdsAndDigestsAreHexadecimal) {
  const Uuid uuid{0x0f1e2d3c4b5a4678, 0x9abcdef012345678};
  EXPECT_EQ(uuid.ToText(), "0f1e2d3c-4b5a-4678-9abc-def012345678");
  EXPECT_EQ(uuid.ToText(), uuid.ToString());
  EXPECT_EQ(HexLower(Md5("")), "d41d8cd98f00b204e9800998ecf8427e");
}

}  // namespace
}  // namespace sqs
