// How a file comes from one version of the format to the next.
#include "store/schema.h"

#include <gtest/gtest.h>

#include "api/queue_config.h"
#include "store/row_codec.h"

namespace sqs {
namespace {

std::unique_ptr<Database> Empty() { return *Database::Open(":memory:", Database::kCreate); }

constexpr SchemaStep kOld[] = {
    {1, "CREATE TABLE format (version INTEGER NOT NULL); INSERT INTO format VALUES (0); CREATE TABLE a (x INTEGER);"}};
constexpr SchemaStep kNew[] = {
    kOld[0], {2, "CREATE TABLE b (y INTEGER); INSERT INTO b SELECT x + 1 FROM a;"}, {3, "DROP TABLE a;"}};
constexpr SchemaStep kBroken[] = {kOld[0], {2, "CREATE TABLE b (y INTEGER);"}, {3, "CREATE NONSENSE;"}};

TEST(SchemaTest, AnEmptyFileGetsThePresentVersion) {
  const auto db = Empty();
  EXPECT_EQ(*SchemaVersionOf(*db), 0);
  ASSERT_TRUE(UpgradeSchema(*db, SchemaSteps()).ok());
  EXPECT_EQ(*SchemaVersionOf(*db), kSchemaVersion);
  EXPECT_TRUE(UpgradeSchema(*db, SchemaSteps()).ok());  // Again: nothing to do.
}

TEST(SchemaTest, AnOlderFileGoesThroughEveryStepWithItsRows) {
  const auto db = Empty();
  ASSERT_TRUE(UpgradeSchema(*db, kOld).ok());
  ASSERT_TRUE(db->Execute("INSERT INTO a VALUES (41)").ok());
  ASSERT_TRUE(UpgradeSchema(*db, kNew).ok());
  EXPECT_EQ(*SchemaVersionOf(*db), 3);
  EXPECT_EQ(*db->QueryInt("SELECT y FROM b"), 42);
  EXPECT_FALSE(*db->HasTable("a"));
}

TEST(SchemaTest, AStepThatFailsLeavesTheFileAsItWas) {
  const auto db = Empty();
  ASSERT_TRUE(UpgradeSchema(*db, kOld).ok());
  EXPECT_FALSE(UpgradeSchema(*db, kBroken).ok());
  EXPECT_EQ(*SchemaVersionOf(*db), 1);
  EXPECT_FALSE(*db->HasTable("b"));
  EXPECT_FALSE(db->in_transaction());
}

TEST(SchemaTest, ALaterFileIsRefused) {
  const auto db = Empty();
  ASSERT_TRUE(UpgradeSchema(*db, kNew).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(UpgradeSchema(*db, kOld)));
  EXPECT_EQ(*SchemaVersionOf(*db), 3);
}

TEST(SchemaTest, AFileOfSomethingElseIsRefused) {
  const auto db = Empty();
  ASSERT_TRUE(db->Execute("CREATE TABLE mine (x INTEGER)").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(UpgradeSchema(*db, SchemaSteps())));
}

// Every member of the configuration is an attribute row: one that is forgotten would be lost in a restart.
TEST(RowCodecTest, EverySettingSurvives) {
  QueueConfig config;
  config.delay_seconds = 1;
  config.maximum_message_size = 2048;
  config.message_retention_period = 61;
  config.receive_message_wait_time_seconds = 2;
  config.visibility_timeout = 3;
  config.policy = "{\"Statement\": []}";
  config.redrive_policy = {"arn:aws:sqs:us-east-1:000000000000:dlq", 4};
  config.redrive_allow_policy = "{\"redrivePermission\":\"denyAll\"}";
  config.kms_master_key_id = "alias/a";
  config.kms_data_key_reuse_period_seconds = 90;
  config.sqs_managed_sse_enabled = false;
  config.fifo = true;
  config.content_based_deduplication = true;
  config.deduplication_scope = DeduplicationScope::kMessageGroup;
  config.fifo_throughput_limit = FifoThroughputLimit::kPerMessageGroupId;
  QueueConfig read;
  for (const auto& [name, value] : AttributeTexts(config)) {
    EXPECT_TRUE(SetAttributeText(name, value, &read)) << name;
  }
  EXPECT_EQ(read, config);
  QueueConfig plain;
  for (const auto& [name, value] : AttributeTexts(QueueConfig())) EXPECT_TRUE(SetAttributeText(name, value, &plain));
  EXPECT_EQ(plain, QueueConfig());
}

TEST(ChecksumTest, TellsColumnsAndTablesApart) {
  const auto of = [](const char* table, std::initializer_list<const char*> texts) {
    Checksum sum;
    sum.Start(table);
    for (const char* text : texts) {
      if (text == nullptr) {
        sum.AddNull();
      } else {
        sum.AddText(text);
      }
    }
    return sum.Value();
  };
  EXPECT_EQ(of("t", {"a", "b"}), of("t", {"a", "b"}));
  EXPECT_NE(of("t", {"a", "b"}), of("u", {"a", "b"}));
  EXPECT_NE(of("t", {"a", "b"}), of("t", {"ab", ""}));
  EXPECT_NE(of("t", {""}), of("t", {nullptr}));
  Checksum used;
  used.Start("t");
  used.AddText(std::string(100, 'x'));
  used.Value();
  used.Start("t");
  used.AddText("a");
  used.AddText("b");
  EXPECT_EQ(used.Value(), of("t", {"a", "b"})) << "what was there before must not matter";
}

}  // namespace
}  // namespace sqs
