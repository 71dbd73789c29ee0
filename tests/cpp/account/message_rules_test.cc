#include "account/message_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace sqs {
namespace {

TEST(MessageTextTest, ControlCharactersAndWhatIsNoUtf8AreRefused) {
  EXPECT_TRUE(IsMessageText("tab\t, line\n\r, h\xc3\xa9llo \xe2\x98\x83"));
  EXPECT_FALSE(IsMessageText(std::string("\0", 1)));
  EXPECT_FALSE(IsMessageText("\x1f"));
  EXPECT_FALSE(IsMessageText("\xff"));
  EXPECT_FALSE(IsMessageText("\xef\xbf\xbe"));  // U+FFFE
}

// Wherever it stands: text is looked at in blocks and, at its end, one by one.
TEST(MessageTextTest, EachByteCountsTheSameAtEachPlace) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool alone = IsMessageText(std::string(1, static_cast<char>(byte)));
    EXPECT_EQ(alone, byte == '\t' || byte == '\n' || byte == '\r' || (byte >= 0x20 && byte < 0x80)) << byte;
    for (size_t before = 0; before < 36; ++before) {
      const std::string text = std::string(before, 'x') + static_cast<char>(byte) + std::string(17, 'y');
      ASSERT_EQ(IsMessageText(text), alone) << byte << " after " << before;
    }
  }
}

}  // namespace
}  // namespace sqs
