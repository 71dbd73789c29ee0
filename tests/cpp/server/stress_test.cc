// Many clients at once over real sockets, some of which leave without reading: nothing is lost or doubled, and the
// sanitizers see the server's threads at work.
#include <atomic>
#include <boost/asio.hpp>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "engine/engine.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/server.h"

namespace sqs::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using nlohmann::json;

class Client {
 public:
  explicit Client(uint16_t port) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    socket_.set_option(tcp::no_delay(true));
  }

  void Send(const std::string& operation, const json& body) {
    const std::string text = body.dump();
    asio::write(socket_, asio::buffer(absl::StrCat("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: AmazonSQS.",
                                                   operation, "\r\nContent-Length: ", text.size(), "\r\n\r\n", text)));
  }

  json Read() {
    const size_t head_bytes = asio::read_until(socket_, asio::dynamic_buffer(in_), "\r\n\r\n");
    const std::string head = in_.substr(0, head_bytes);
    in_.erase(0, head_bytes);
    constexpr absl::string_view kLength = "Content-Length: ";
    size_t length = 0;
    EXPECT_TRUE(absl::SimpleAtoi(head.substr(head.find(std::string(kLength)) + kLength.size(),
                                             head.find("\r\n", head.find(std::string(kLength))) -
                                                 head.find(std::string(kLength)) - kLength.size()),
                                 &length));
    while (in_.size() < length) asio::read(socket_, asio::dynamic_buffer(in_), asio::transfer_at_least(1));
    const std::string body = in_.substr(0, length);
    in_.erase(0, length);
    return body.empty() ? json::object() : json::parse(body);
  }

  json Call(const std::string& operation, const json& body) {
    Send(operation, body);
    return Read();
  }

 private:
  asio::io_context io_;
  tcp::socket socket_{io_};
  std::string in_;
};

class StressTest : public testing::TestWithParam<int> {};

TEST_P(StressTest, NothingIsLostOrDoubled) {
  constexpr int kProducers = 4, kConsumers = 4, kLeavers = 2, kMessages = 100;
  Engine engine({.seed = 7});
  auto server = Server::Start(engine, {.threads = GetParam()});
  ASSERT_TRUE(server.ok()) << server.status();
  const uint16_t port = (*server)->port();
  const std::string url = Client(port).Call("CreateQueue", {{"QueueName", "jobs"}}).at("QueueUrl");

  std::mutex mutex;
  std::map<std::string, int> received;
  std::atomic<int> left{kProducers * kMessages};
  std::vector<std::thread> threads;
  for (int p = 0; p < kProducers; ++p) {
    threads.emplace_back([&, p] {
      Client client(port);
      for (int i = 0; i < kMessages; ++i) {
        client.Call("SendMessage", {{"QueueUrl", url}, {"MessageBody", absl::StrCat(p, "-", i)}});
      }
    });
  }
  for (int c = 0; c < kConsumers; ++c) {
    threads.emplace_back([&] {
      Client client(port);
      while (left.load() > 0) {
        const json answer =
            client.Call("ReceiveMessage", {{"QueueUrl", url}, {"WaitTimeSeconds", 1}, {"MaxNumberOfMessages", 3}});
        for (const json& message : answer.value("Messages", json::array())) {
          client.Call("DeleteMessage", {{"QueueUrl", url}, {"ReceiptHandle", message.at("ReceiptHandle")}});
          std::lock_guard<std::mutex> lock(mutex);
          ++received[message.at("Body")];
          --left;
        }
      }
    });
  }
  // Asks to wait on an empty queue, and is gone before the answer.
  for (int l = 0; l < kLeavers; ++l) {
    threads.emplace_back([&] {
      const std::string empty = Client(port).Call("CreateQueue", {{"QueueName", "empty"}}).at("QueueUrl");
      for (int i = 0; i < 50; ++i) {
        Client client(port);
        client.Send("ReceiveMessage", {{"QueueUrl", empty}, {"WaitTimeSeconds", 20}});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  (*server)->Stop();

  EXPECT_EQ(received.size(), static_cast<size_t>(kProducers * kMessages));
  for (const auto& [body, times] : received) EXPECT_EQ(times, 1) << body;
  EXPECT_EQ(engine.waiter_count(), 0u);
}
INSTANTIATE_TEST_SUITE_P(Threads, StressTest, testing::Values(1, 2));

TEST(StopTest, AnswersParkedPolls) {
  Engine engine({.seed = 7});
  auto server = Server::Start(engine, {});
  ASSERT_TRUE(server.ok()) << server.status();
  Client client((*server)->port());
  const std::string url = client.Call("CreateQueue", {{"QueueName", "jobs"}}).at("QueueUrl");
  client.Send("ReceiveMessage", {{"QueueUrl", url}, {"WaitTimeSeconds", 20}});
  while (engine.waiter_count() == 0) std::this_thread::yield();
  (*server)->Stop();
  EXPECT_EQ(client.Read(), json::object());
}

}  // namespace
}  // namespace sqs::server
