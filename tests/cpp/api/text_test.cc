#include "api/text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sqs {
namespace {

TEST(TextTest, OwnsWhatItIsGiven) {
  std::string given = "a text that is too long to be kept in place";
  const Text text = given;
  given[0] = 'b';
  EXPECT_EQ(text, "a text that is too long to be kept in place");
  EXPECT_TRUE(Text().empty());
}

TEST(TextTest, BorrowsWhereItIsToldTo) {
  std::string lent = "lent";
  const Text text = Text::Borrow(lent);
  EXPECT_EQ(text.view().data(), lent.data());
  EXPECT_EQ(text.size(), 4u);
}

TEST(TextTest, ACopyOwnsAndAMoveGoesOnBorrowing) {
  std::string lent = "lent";
  Text text = Text::Borrow(lent);
  const Text copy = text;
  Text assigned;
  assigned = text;
  const Text moved = std::move(text);
  lent[0] = 'b';
  EXPECT_EQ(copy, "lent");
  EXPECT_EQ(assigned, "lent");
  EXPECT_EQ(moved, "bent");
}

TEST(TextTest, ABorrowedEmptyTextIsEmpty) {
  Text text = "before";
  text = Text::Borrow("");
  EXPECT_TRUE(text.empty());
}

// A short text moves its characters with it.
TEST(TextTest, AShortTextOfItsOwnSurvivesAMove) {
  Text text = "short";
  const Text moved = std::move(text);
  EXPECT_EQ(moved, "short");
}

}  // namespace
}  // namespace sqs
