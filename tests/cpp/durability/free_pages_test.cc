// A file that was emptied gives its pages back when it is opened.
#include "durable_fixture.h"
#include "faulty_vfs.h"

namespace sqs {
namespace {

class FreePagesTest : public DurableFixture {
 protected:
  // 25 MB, deleted again but for the last `kept` messages of 250 KB. What it was like at the end.
  std::string FillAndEmpty(int kept) {
    auto engine = Open(t0);
    const std::string url = engine->Call(CreateQueueRequest{"q", {}, {}}, caller_)->queue_url;
    for (int i = 0; i < 100; ++i) {
      const MessageToSend message{.message_body = std::string(250'000, static_cast<char>('a' + i % 26))};
      EXPECT_TRUE(engine->Call(SendMessageRequest{url, message}, caller_).ok());
    }
    ReceiveMessageRequest request;
    request.queue_url = url;
    for (int i = kept; i < 100; ++i) {
      const auto received = engine->Call(request, caller_);
      EXPECT_TRUE(engine->Call(DeleteMessageRequest{url, received->messages.at(0).receipt_handle}, caller_).ok());
    }
    const std::string dump = engine->Dump();
    EXPECT_TRUE(engine->Close().ok());
    EXPECT_GT(Bytes(path_), 25'000'000u);
    return dump;
  }
  static uintmax_t Bytes(const std::string& path) { return std::filesystem::file_size(path); }
};

TEST_F(FreePagesTest, AFileThatIsMostlyFreeBecomesSmall) {
  const std::string before = FillAndEmpty(/*kept=*/3);
  auto engine = Open(t0);
  EXPECT_EQ(engine->Dump(), before);
  EXPECT_LT(Bytes(path_), 1'000'000u);
  ReceiveMessageRequest request;
  request.queue_url = "q";
  EXPECT_EQ(engine->Call(request, caller_)->messages.at(0).body, std::string(250'000, 'a' + 97 % 26));
}

TEST_F(FreePagesTest, AFileThatIsHalfFullStaysAsItIs) {
  const std::string before = FillAndEmpty(/*kept=*/55);
  auto engine = Open(t0);
  EXPECT_EQ(engine->Dump(), before);
  EXPECT_GT(Bytes(path_), 25'000'000u);
}

// At any write or sync of the opening: it is refused or done without, and nothing is lost.
TEST_F(FreePagesTest, AFailureMeanwhileLosesNothing) {
  FaultyVfs& vfs = FaultyVfs::Install();
  const std::string before = FillAndEmpty(/*kept=*/1);
  const std::string copy = (folder_ / "copy.db").string();
  int64_t refused = 0;
  bool struck = true;
  for (int64_t at = 1; struck; at += 10) {
    for (const FaultyVfs::Fault fault : {FaultyVfs::Fault::kError, FaultyVfs::Fault::kFull}) {
      std::filesystem::remove(copy + "-wal");
      std::filesystem::copy_file(path_, copy, std::filesystem::copy_options::overwrite_existing);
      vfs.Arm(fault, at);
      auto engine = TryOpen(copy, t0);
      struck = vfs.struck();
      if (engine.ok()) {
        EXPECT_EQ((*engine)->Dump(), before);
      } else {
        ++refused;
      }
      vfs.Arm(FaultyVfs::Fault::kError, 0);
      if (engine.ok()) (*engine)->Close().IgnoreError();
      engine = TryOpen(copy, t0);
      ASSERT_TRUE(engine.ok()) << engine.status() << " at " << at;
      EXPECT_EQ((*engine)->Dump(), before) << at;
      ASSERT_TRUE((*engine)->Close().ok());
    }
  }
  EXPECT_GT(refused, 2);
  vfs.Uninstall();
}

}  // namespace
}  // namespace sqs
