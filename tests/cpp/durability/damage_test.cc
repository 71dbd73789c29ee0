// A byte of the file or its log has changed while nobody had it open.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "durable_fixture.h"
#include "engine/random_calls.h"
#include "store/inspect.h"
#include "store/row_codec.h"
#include "store/sqlite.h"
#include "store/sqlite_store.h"

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

// After the end of the process its log holds what was committed last. SQLite would end the log at a changed byte; only
// in the last commit, or where a mark between the last ones is gone, nobody can tell that from a commit that was not
// whole.
class LogDamageTest : public DurableFixture {
 protected:
  void SetUp() override {
    auto engine = Open(t0);
    ASSERT_TRUE(engine->Call(CreateQueueRequest{"q", {}, {}}, caller_).ok());
    for (int i = 0; i < 60; ++i) {
      if (i > 56) last_dumps_.push_back(engine->Dump());
      ASSERT_TRUE(
          engine->Call(SendMessageRequest{"q", {.message_body = std::string(100 + 20 * i, 'x')}}, caller_).ok());
    }
    last_dumps_.push_back(engine->Dump());
    now_ = clock_->Now();
    path_ = Snapshot();
    std::ifstream file(path_ + "-wal", std::ios::binary);
    log_.assign(std::istreambuf_iterator<char>(file), {});
  }

  // Of a copy whose log is `log`.
  std::string WriteCopy(const std::string& log) {
    const std::string copy = (folder_ / "damaged.db").string();
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(copy + suffix);
    std::filesystem::copy_file(path_, copy);
    std::ofstream(copy + "-wal", std::ios::binary) << log;
    return copy;
  }
  std::string WriteDamaged(size_t at) {
    std::string log = log_;
    log[at] = static_cast<char>(log[at] ^ 1 << (at % 8));
    return WriteCopy(log);
  }

  std::vector<std::string> last_dumps_;
  std::string log_;
  absl::Time now_;
};

TEST_F(LogDamageTest, AChangedByteIsFound) {
  int refused = 0, opened = 0;
  constexpr size_t kHeader = 32, kFrame = 24 + 4096;
  ASSERT_GT(log_.size(), kHeader + 20 * kFrame);
  for (size_t at = 0; at < log_.size(); at += at < kHeader || (at - kHeader) % kFrame < 24 ? 1 : 2039) {
    const auto engine = TryOpen(WriteDamaged(at), now_, Durability::kCommit);
    if (engine.ok()) {
      ++opened;
      EXPECT_EQ(std::count(last_dumps_.begin(), last_dumps_.end(), (*engine)->Dump()), 1) << "byte " << at;
    } else {
      ++refused;
      EXPECT_TRUE(absl::IsDataLoss(engine.status())) << engine.status();
    }
  }
  EXPECT_GT(refused, 20 * opened);
}

TEST_F(LogDamageTest, ALogThatEndsAnywhereIsNone) {
  for (size_t bytes = 0; bytes < log_.size(); bytes += 4999) {
    const auto engine = TryOpen(WriteCopy(log_.substr(0, bytes)), now_, Durability::kCommit);
    EXPECT_TRUE(engine.ok()) << bytes << ": " << engine.status();
  }
}

TEST_F(LogDamageTest, IsNamedAndReportedAndWhatIsBeforeItSaved) {
  const std::string damaged = WriteDamaged(log_.size() / 2);
  const std::string what = absl::StrCat(damaged, ": damaged: its log, ", damaged, "-wal: frame ");
  const auto names_it = [&what](absl::string_view text) { return text.find(what) != absl::string_view::npos; };
  const absl::Status refused = TryOpen(damaged, now_, Durability::kCommit).status();
  EXPECT_TRUE(names_it(refused.message())) << refused;
  EXPECT_TRUE(names_it(ExportSqliteFile(damaged, [](const std::string&) {}).message()));
  EXPECT_TRUE(names_it(CheckSqliteFile(damaged)->problems.at(0)));
  EXPECT_TRUE(names_it(BackupSqliteFile(damaged, (folder_ / "backup.db").string()).message()));
  const std::string saved = (folder_ / "saved.db").string();
  const auto report = SalvageSqliteFile(damaged, saved);
  EXPECT_TRUE(names_it(report->lost.at(0)));
  EXPECT_TRUE(TryOpen(saved, now_).ok());
}

// What was not synced may be lost there in any order, when the power goes.
TEST_F(LogDamageTest, IsAWarningWhereNotEveryCommitIsSynced) {
  testing::internal::CaptureStderr();
  path_ = WriteDamaged(log_.size() / 2);
  auto engine = TryOpen(path_, now_, Durability::kOs);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("damaged: its log"), std::string::npos);
  // What stood behind the damage is not taken for commits behind the new ones.
  ASSERT_TRUE((*engine)->Call(SendMessageRequest{"q", {.message_body = "new"}}, caller_).ok());
  const std::string dump = (*engine)->Dump();
  const auto again = TryOpen(Snapshot(), now_, Durability::kCommit);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->Dump(), dump);
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
