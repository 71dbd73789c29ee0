// The same batches with and without the journal lead to the same tables: when it is folded, when the file is opened
// after the end of the process, when it is taken from a damaged file.
#include "store/journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/random.h"
#include "store/inspect.h"
#include "store/sqlite_store.h"
#include "store/tables.h"

namespace sqs {
namespace {

constexpr int64_t kT0Ns = 1'767'225'600'000'000'000;

// Batches as an engine makes them: ids rise, and only what is there is changed or removed.
class Batches {
 public:
  explicit Batches(uint64_t seed) : random_(seed) {}

  // The first makes the queues.
  Batch Next() {
    Batch batch;
    const bool is_large = random_.Chance(0.8);
    const auto some = [&] { return Below(is_large ? 20 : 3); };
    for (int64_t i = some(); i > 0; --i) {
      if (const auto id = AnyMessage()) Remove(*id, &batch);
    }
    const std::set<int64_t> before = there_;
    for (int64_t i = some(); i > 0; --i) Add(&batch);
    for (int64_t i = some(); i > 0; --i) {
      const auto id = AnyMessage();
      if (id.has_value() && before.count(*id) > 0) changed_[*id] = State(*id);
    }
    for (const auto& [id, state] : changed_) batch.changed_states.push_back(state);
    changed_.clear();
    if (effects_ == 0) AddQueues(&batch);
    if (random_.Chance(0.05)) batch.tenants.push_back({1, absl::StrCat("t", random_.Below(3)), Instant()});
    effects_ += 1 + batch.new_messages.size() + batch.changed_states.size() + batch.removed_messages.size();
    batch.progress = {Instant(), effects_, 3};
    return batch;
  }

 private:
  int64_t Below(int64_t end) { return static_cast<int64_t>(random_.Below(static_cast<uint64_t>(end))); }
  absl::Time Instant() { return absl::FromUnixNanos(kT0Ns + Below(1'000'000'000)); }

  std::optional<int64_t> AnyMessage() {
    if (there_.empty()) return std::nullopt;
    auto found = there_.lower_bound(Below(next_id_));
    return found == there_.end() ? *there_.begin() : *found;
  }

  void Remove(int64_t id, Batch* batch) {
    there_.erase(id);
    batch->removed_messages.push_back(id);
  }

  MessageStateRow State(int64_t id) {
    const auto turn = static_cast<uint64_t>(random_.Below(3));
    return {id, 1 + static_cast<int>(Below(3)), kT0Ns + Below(1000), 5, -1, 1, turn};
  }

  void Add(Batch* batch) {
    const int64_t id = next_id_++;
    const auto sequence = static_cast<uint64_t>(id);
    const QueueNumber queue = 1 + id % 2;
    const std::string body(random_.Below(400), 'a' + static_cast<char>(id % 26));
    auto extras = std::make_unique<PayloadExtras>();
    if (queue == 2) {
      extras->group_id = "g";
      extras->deduplication_id = absl::StrCat("d\xc3\xa4", id);
      extras->message_attributes = {{"b", {.binary_value = Blob{std::string("\0\xff", 2)}, .data_type = "Binary"}}};
      batch->duplicates.push_back({queue, sequence, "g", extras->deduplication_id, {7, sequence}, Instant()});
      if (random_.Chance(0.2)) batch->forgotten_duplicates.push_back({queue, sequence - random_.Below(sequence + 1)});
    } else {
      extras = nullptr;
    }
    there_.insert(id);
    batch->new_messages.push_back(
        {id,
         queue,
         {static_cast<uint32_t>(id), sequence},
         PayloadPtr::Make({~sequence, sequence}, Instant(), body, Md5(body), std::move(extras))});
    batch->new_states.push_back(State(id));
    batch->counters.clear();
    for (QueueNumber number : {1, 2}) batch->counters.push_back({number, sequence + 1, absl::InfinitePast(), 0});
  }

  static void AddQueues(Batch* batch) {
    for (QueueNumber number : {1, 2}) {
      auto name = std::make_shared<QueueName>(QueueName{"us-east-1", "000000000000", absl::StrCat("q", number)});
      batch->queues.push_back({.number = number, .name = name, .config = std::make_shared<const QueueConfig>()});
    }
  }

  Random random_;
  std::set<int64_t> there_;
  std::map<int64_t, MessageStateRow> changed_;
  int64_t next_id_ = 1;
  uint64_t effects_ = 0;
};

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    std::string name = (std::filesystem::temp_directory_path() / "localsqs_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~JournalTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) { return (folder_ / name).string(); }

  std::unique_ptr<Store> Open(const std::string& path, bool has_journal = true) {
    auto store = OpenSqliteStore(path, {.durability = Durability::kOs, .seed = 7, .has_journal = has_journal});
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  // Every row of every table, and how far the engine is.
  static std::string Tables(const std::string& path) {
    const auto db = *Database::Open(path, Database::kReadOnly);
    std::string text;
    const auto add = [&](const std::string& sql) {
      Statement rows;
      ASSERT_TRUE(rows.Prepare(db->handle(), "", sql).ok());
      while (*rows.Step()) {
        for (int i = 0; i < rows.column_count(); ++i) absl::StrAppend(&text, rows.ColumnText(i), "|");
        text += "\n";
      }
    };
    add("SELECT now, effect_count, next_queue FROM engine");
    for (const TableInfo& table : sqs::Tables()) {
      absl::StrAppend(&text, table.name, "\n");
      add(absl::StrCat("SELECT * FROM ", table.name, " ORDER BY ", table.key));
    }
    return text;
  }

  // As it is on the disk now.
  std::string Snapshot(const std::string& path) {
    const std::string copy = Path(absl::StrCat("copy", ++copies_, ".db"));
    std::filesystem::copy_file(path, copy);
    std::filesystem::copy_file(path + "-wal", copy + "-wal");
    return copy;
  }

  // A file with four rows in the journal, as a process that was killed leaves it.
  std::string KilledFile() {
    auto store = Open(Path("killed.db"));
    Batches batches(1);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(store->Commit(batches.Next()).ok());
    for (int rows = 0; rows < 4; rows = store->is_tidy() ? 0 : rows + 1) {
      EXPECT_TRUE(store->Commit(batches.Next()).ok());
    }
    return Snapshot(Path("killed.db"));
  }

  static void Change(const std::string& path, const std::string& sql) {
    const absl::Status status = (*Database::Open(path, Database::kReadWrite))->Execute(sql);
    ASSERT_TRUE(status.ok()) << status;
  }

  absl::Status OpenStatus(const std::string& path) { return OpenSqliteStore(path, {}).status(); }

  std::filesystem::path folder_;
  int copies_ = 0;
};

TEST_F(JournalTest, LeadsToTheSameTables) {
  int journaled = 0;
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    const std::string path = Path(absl::StrCat(seed, ".db"));
    const std::string plain_path = Path(absl::StrCat(seed, "plain.db"));
    const auto store = Open(path);
    const auto plain = Open(plain_path, /*has_journal=*/false);
    Batches batches(seed);
    for (int i = 0; i < 60; ++i) {
      const Batch batch = batches.Next();
      ASSERT_TRUE(store->Commit(batch).ok());
      ASSERT_TRUE(plain->Commit(batch).ok());
      EXPECT_TRUE(plain->is_tidy());
      if (!store->is_tidy()) {
        ++journaled;
        if (i % 7 == 0) {
          const std::string copy = Snapshot(path);
          Open(copy);
          ASSERT_EQ(Tables(copy), Tables(plain_path)) << "recovered, seed " << seed << ", batch " << i;
        }
        if (i % 11 == 0) {
          ASSERT_TRUE(store->Tidy().ok());
        }
      }
      if (store->is_tidy()) {
        ASSERT_EQ(Tables(path), Tables(plain_path)) << "seed " << seed << ", batch " << i;
      }
    }
  }
  EXPECT_GT(journaled, 500);
}

TEST_F(JournalTest, WhatChangesFewMessagesIsInTheTablesAtOnce) {
  const auto store = Open(Path("q.db"));
  Batches batches(3);
  for (int i = 0; i < 200; ++i) {
    const Batch batch = batches.Next();
    ASSERT_TRUE(store->Commit(batch).ok());
    const size_t messages = batch.new_messages.size() + batch.changed_states.size() + batch.removed_messages.size();
    if (messages <= 10) {
      EXPECT_TRUE(store->is_tidy()) << messages;
    }
  }
}

TEST_F(JournalTest, IsFoldedAfterSixteenCommitsHoweverManyFollow) {
  const auto store = Open(Path("q.db"));
  Batches batches(3);
  ASSERT_TRUE(store->Commit(batches.Next()).ok());
  ASSERT_TRUE(store->Tidy().ok());
  std::string pattern;
  for (int i = 0; i < 34; ++i) {
    Batch batch = batches.Next();
    while (!BatchSum::CanAdd(batch) || batch.new_messages.size() < 11) batch = batches.Next();
    ASSERT_TRUE(store->Commit(batch).ok());
    pattern += store->is_tidy() ? "T" : ".";
  }
  EXPECT_EQ(pattern, "................T................T");
}

TEST_F(JournalTest, ARowThatIsDamagedOrMissingIsFound) {
  const std::string sound = KilledFile();
  const char* const changes[] = {
      "UPDATE journal SET changes = substr(changes, 1, 40) || x'00' || substr(changes, 42) WHERE position = 2",
      "UPDATE journal SET reaches = reaches + 1 WHERE position = 2",
      "DELETE FROM journal WHERE position = 1",
      "DELETE FROM journal WHERE position = 2",
  };
  for (const char* change : changes) {
    const std::string copy = Snapshot(sound);
    Change(copy, change);
    const absl::Status status = OpenStatus(copy);
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_NE(status.message().find("table journal, position "), absl::string_view::npos) << status;
    EXPECT_TRUE(absl::IsDataLoss(OpenStatus(copy))) << "refused, and opened after all";
  }
  EXPECT_TRUE(OpenStatus(sound).ok());
}

// Rows that were in the tables already, as an old page would bring them back.
TEST_F(JournalTest, AnOldRowIsFound) {
  const std::string path = KilledFile();
  Change(path, "CREATE TABLE old AS SELECT * FROM journal");
  Open(path);
  const std::string whole = Tables(path);
  Change(path, "INSERT INTO journal SELECT * FROM old");
  EXPECT_TRUE(absl::IsDataLoss(OpenStatus(path)));
  EXPECT_EQ(CheckSqliteFile(path)->problems.size(), 4u);
  const std::string saved = Path("saved.db");
  EXPECT_EQ(SalvageSqliteFile(path, saved)->lost.at(0), "table journal, position 1: it is in the tables already");
  EXPECT_EQ(Tables(saved), whole);
}

TEST_F(JournalTest, SalvageTakesWhatIsSoundOfIt) {
  const std::string path = KilledFile();
  const std::string whole = Snapshot(path);
  Open(whole);
  const std::string saved = Path("saved.db");
  ASSERT_TRUE(SalvageSqliteFile(path, saved)->lost.empty());
  EXPECT_EQ(Tables(saved), Tables(whole));

  Change(path, "UPDATE journal SET changes = x'00' WHERE position = 2");
  const std::string partly = Path("partly.db");
  const auto report = SalvageSqliteFile(path, partly);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->lost.empty());
  EXPECT_TRUE(CheckSqliteFile(partly)->problems.empty());
  Open(partly);

  Change(path, "DELETE FROM journal WHERE position = 1");
  const auto without_first = SalvageSqliteFile(path, Path("without_first.db"));
  const std::vector<std::string>& lost = without_first->lost;
  EXPECT_EQ(std::count(lost.begin(), lost.end(), "table journal, position 3: what is before it is missing"), 1);
}

TEST_F(JournalTest, CheckCountsItAndFindsItsDamage) {
  const std::string path = KilledFile();
  const auto report = CheckSqliteFile(path);
  EXPECT_TRUE(report->problems.empty());
  EXPECT_EQ(report->row_counts.back(), std::pair(std::string("journal"), int64_t{4}));
  Change(path, "UPDATE journal SET follows = 0 WHERE position = 3");
  EXPECT_EQ(CheckSqliteFile(path)->problems,
            (std::vector<std::string>{"checksum: table journal, row 3 0",
                                      "table journal, position 3: what is before it is missing"}));
  Change(path, "DELETE FROM journal WHERE position = 3");
  EXPECT_EQ(CheckSqliteFile(path)->problems,
            std::vector<std::string>{"table journal, position 4: what is before it is missing"});
}

TEST_F(JournalTest, ExportShowsWhatIsInIt) {
  const std::string path = KilledFile();
  const std::string whole = Snapshot(path);
  Open(whole);
  std::vector<std::string> lines, expected;
  ASSERT_TRUE(ExportSqliteFile(whole, [&](const std::string& line) { expected.push_back(line); }).ok());
  ASSERT_TRUE(ExportSqliteFile(path, [&](const std::string& line) { lines.push_back(line); }).ok());
  EXPECT_FALSE(expected.empty());
  EXPECT_EQ(lines, expected);
}

TEST_F(JournalTest, AnotherOwnerEndsTheStore) {
  const auto store = Open(Path("q.db"));
  Batches batches(1);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(store->Commit(batches.Next()).ok());
  Change(Path("q.db"), "UPDATE engine SET epoch = epoch + 1");
  Batch batch = batches.Next();
  while (batch.new_messages.size() < 12) batch = batches.Next();
  EXPECT_TRUE(absl::IsAborted(store->Commit(batch)));
}

TEST(TapeTest, RunsWhatWasRecordedOnIt) {
  const auto db = *Database::Open(":memory:", Database::kCreate);
  ASSERT_TRUE(db->Execute("CREATE TABLE t (a, b, c, d, checksum)").ok());
  Statement insert;
  ASSERT_TRUE(insert.Prepare(db->handle(), "t", "INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)").ok());
  Tape tape;
  const int64_t numbers[] = {0, 1, -1, 63, 64, -65, INT64_MAX, INT64_MIN};
  const auto write = [&] {
    for (int64_t number : numbers) {
      const std::string text = absl::StrCat("t", number), bytes("\0\x10", 2);
      ASSERT_TRUE(insert.Int(number).Text(text).Blob(bytes).Null().Seal().Run().ok());
    }
  };
  insert.RecordOn(&tape, 9);
  write();
  EXPECT_EQ(*db->QueryInt("SELECT count(*) FROM t"), 0);
  insert.RecordOn(nullptr, 0);
  const auto find = [&](int number) { return number == 9 ? &insert : nullptr; };
  ASSERT_TRUE(RunTape(tape.bytes(), find).ok());
  write();
  EXPECT_EQ(*db->QueryInt("SELECT count(*) FROM t"), 16);
  EXPECT_EQ(*db->QueryInt("SELECT count(*) FROM (SELECT DISTINCT a, b, typeof(b), c, typeof(c), d, checksum FROM t)"),
            8);
}

TEST(TapeTest, WhatIsNoTapeIsFoundAndRunsNothingMore) {
  const auto db = *Database::Open(":memory:", Database::kCreate);
  ASSERT_TRUE(db->Execute("CREATE TABLE t (a, b)").ok());
  Statement insert;
  ASSERT_TRUE(insert.Prepare(db->handle(), "t", "INSERT INTO t VALUES (?1, ?2)").ok());
  Tape tape;
  insert.RecordOn(&tape, 1);
  ASSERT_TRUE(insert.Int(300).Text("text").Run().ok());
  insert.RecordOn(nullptr, 0);
  const auto find = [&](int number) { return number == 1 ? &insert : nullptr; };
  const std::string whole(tape.bytes());
  for (size_t size = 1; size < whole.size(); ++size) {
    // Cut behind a value it is one that binds less, which SQLite takes for NULL; else it cannot be read.
    const absl::Status status = RunTape(whole.substr(0, size), find);
    EXPECT_TRUE(status.ok() || absl::IsDataLoss(status)) << status;
  }
  ASSERT_TRUE(db->Execute("DELETE FROM t").ok());
  EXPECT_TRUE(absl::IsDataLoss(RunTape(whole + "\x12", find)));
  EXPECT_TRUE(absl::IsDataLoss(RunTape(std::string("\0", 1) + whole, find)));
  EXPECT_TRUE(absl::IsDataLoss(RunTape("\x11\x07", find)));
  EXPECT_EQ(*db->QueryInt("SELECT count(*) FROM t"), 1);
}

}  // namespace
}  // namespace sqs
