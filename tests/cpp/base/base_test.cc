#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <string>
#include <vector>

#include "base/digest.h"
#include "base/random.h"
#include "base/siphash.h"
#include "base/uuid.h"

namespace sqs {
namespace {

TEST(UuidTest, TextIsVersionFourAndComesBack) {
  Random random(1);
  for (int i = 0; i < 100; ++i) {
    const Uuid uuid = Uuid::Random(random);
    const std::string text = uuid.ToString();
    ASSERT_EQ(text.size(), 36u);
    EXPECT_EQ(text[14], '4');
    EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
    Uuid parsed;
    ASSERT_TRUE(Uuid::Parse(text, &parsed));
    EXPECT_EQ(parsed, uuid);
  }
}

TEST(UuidTest, ParseRefusesWhatToStringDoesNotWrite) {
  Uuid uuid;
  for (const char* text : {"", "0f1e2d3c-4b5a-4678-9abc-def01234567", "0F1E2D3C-4b5a-4678-9abc-def012345678",
                           "0f1e2d3c+4b5a-4678-9abc-def012345678", "0f1e2d3c-4b5a-4678-9abc-def01234567g"}) {
    EXPECT_FALSE(Uuid::Parse(text, &uuid)) << text;
  }
}

TEST(RandomTest, OneSeedGivesOneSequence) {
  Random a(7), b(7), c(8);
  std::vector<uint64_t> from_a, from_b, from_c;
  for (int i = 0; i < 10; ++i) {
    from_a.push_back(a.Next());
    from_b.push_back(b.Next());
    from_c.push_back(c.Next());
  }
  EXPECT_EQ(from_a, from_b);
  EXPECT_NE(from_a, from_c);
}

TEST(RandomTest, ChanceThatIsOffDrawsNothing) {
  Random a(7), b(7);
  EXPECT_FALSE(a.Chance(0.0));
  EXPECT_TRUE(a.Chance(1.0));
  EXPECT_EQ(a.Next(), b.Next());
}

TEST(RandomTest, ChanceIsAboutRight) {
  Random random(7);
  int hits = 0;
  for (int i = 0; i < 10000; ++i) hits += random.Chance(0.25);
  EXPECT_NEAR(hits, 2500, 200);
}

// shared/spec/sqs.md, 5.4.
TEST(DigestTest, KnownVectors) {
  EXPECT_EQ(HexLower(Md5("message")), "78e731027d8fd50ed642340b7c9a63b3");
  EXPECT_EQ(HexLower(Md5("h\xc3\xa9llo \xe2\x98\x83")), "ef3e44ec264a71ab40ccc920b794ebae");
  EXPECT_EQ(Sha256Hex("same"), "0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5");
}

TEST(DigestTest, Md5IsThatOfOpenSsl) {
  std::string text;
  for (int length = 0; length < 300; ++length) {
    Md5Digest digest;
    ASSERT_EQ(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_md5(), nullptr), 1);
    EXPECT_EQ(Md5(text), digest) << length;
    text.push_back(static_cast<char>(length * 7));
  }
}

// Lengths around the borders of blocks and of their padding, side by side, in any number.
TEST(DigestTest, ManyTextsAtOnceHaveTheDigestsOfEach) {
  std::vector<std::string> bodies;
  for (size_t length : {0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 256, 256, 4095, 3, 55, 200, 64, 191}) {
    bodies.push_back(std::string(length, static_cast<char>('a' + bodies.size())));
  }
  const std::vector<absl::string_view> texts(bodies.begin(), bodies.end());
  for (size_t count = 0; count <= texts.size(); ++count) {
    std::vector<Md5Digest> digests(count);
    Md5Each(texts.data(), count, digests.data());
    for (size_t i = 0; i < count; ++i) EXPECT_EQ(digests[i], Md5(texts[i])) << i << " of " << count;
  }
}

// Appendix A of the SipHash paper: key 00..0f, input 00..0e has a partial block, so the vectors of whole words are
// those of the reference implementation for lengths 0, 8 and 16.
TEST(SipHashTest, ReferenceVectors) {
  const SipHashKey key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
  EXPECT_EQ(SipHash(key, {}), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(SipHash(key, {0x0706050403020100}), 0x93f5f5799a932462u);
  EXPECT_EQ(SipHash(key, {0x0706050403020100, 0x0f0e0d0c0b0a0908}), 0x3f2acc7f57c29bdbu);
}

}  // namespace
}  // namespace sqs
