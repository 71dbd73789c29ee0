// A byte of the file has changed while nobody had it open.
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "durable_fixture.h"
#include "engine/random_calls.h"
#include "store/row_codec.h"
#include "store/sqlite.h"

namespace sqs {
namespace {

class DamageTest : public DurableFixture {
 protected:
  // An engine's file, closed, and what the engine was like.
  std::string WriteFile(uint64_t seed) {
    auto engine = Open(t0);
    RunRandomCalls(*engine, *clock_, seed);
    std::string dump = engine->Dump();
    now_ = clock_->Now();
    EXPECT_TRUE(engine->Close().ok());
    std::ifstream file(path_, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    return dump;
  }
  std::string WriteDamaged(size_t at, char bits) {
    std::string bytes = bytes_;
    bytes[at] = static_cast<char>(bytes[at] ^ bits);
    const std::string path = (folder_ / "damaged.db").string();
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  std::string bytes_;
  absl::Time now_;
};

// Heads of pages above all: what they say is under no checksum of a row. (Over every third byte, 35,499 flips, it
// passed too; before the engine's row had a checksum and tables were checked, three were believed.)
TEST_F(DamageTest, AChangedByteIsFoundOrChangesNothing) {
  const std::string before = WriteFile(301);
  int refused = 0;
  for (size_t at = 0; at < bytes_.size(); at += at % 4096 < 12 ? 1 : 191) {
    const auto engine = TryOpen(WriteDamaged(at, static_cast<char>(1 << (at % 8))), now_);
    if (!engine.ok()) {
      ++refused;
    } else {
      EXPECT_EQ((*engine)->Dump(), before) << "byte " << at << " of page " << at / 4096 + 1;
    }
  }
  EXPECT_GT(refused, 50);
}

// How many rows a page has is in bytes 3 and 4 of it: with one less, a row of any table is gone without a trace.
TEST_F(DamageTest, ALostRowOfAnyTableIsFound) {
  const std::string before = WriteFile(301);
  for (size_t page = 4096; page < bytes_.size(); page += 4096) {
    for (const char bits : {1, 2, 3, 4, 7}) {
      const auto engine = TryOpen(WriteDamaged(page + 4, bits), now_);
      if (!engine.ok()) continue;
      EXPECT_EQ((*engine)->Dump(), before) << "page " << page / 4096 + 1;
    }
  }
}

TEST_F(DamageTest, TheEnginesOwnRowIsUnderAChecksum) {
  WriteFile(301);
  const auto db = *Database::Open(path_, Database::kReadWrite);
  for (const char* change : {"seed = seed + 1", "epoch = epoch + 1", "owner = 'x'", "now = now + 1000000000000",
                             "effect_count = effect_count + 1", "next_queue = next_queue - 1"}) {
    ASSERT_TRUE(db->Execute("SAVEPOINT whole").ok());
    ASSERT_TRUE(db->Execute(absl::StrCat("UPDATE engine SET ", change)).ok());
    Statement row;
    ASSERT_TRUE(row.Prepare(db->handle(), "engine", "SELECT * FROM engine").ok());
    ASSERT_TRUE(*row.Step());
    EngineRow engine;
    EXPECT_TRUE(absl::IsDataLoss(ReadEngine(row, &engine))) << change;
    row.Reset();
    ASSERT_TRUE(db->Execute("ROLLBACK TO whole").ok());
  }
}

TEST_F(DamageTest, AFileWithoutTheEnginesRowIsNotANewOne) {
  WriteFile(301);
  ASSERT_TRUE((*Database::Open(path_, Database::kReadWrite))->Execute("DELETE FROM engine").ok());
  const auto engine = TryOpen(path_, now_);
  EXPECT_EQ(engine.status(), absl::DataLossError(path_ + ": damaged: table engine is empty (see localsqs check, "
                                                         "salvage)"));
}

}  // namespace
}  // namespace sqs
