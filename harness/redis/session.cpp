// See session.hpp.
#include "harness/redis/session.hpp"

namespace sunder::harness::redis {

Answer Session::receive(Nanos deadline) {
  Answer answer;
  while (answer.step.ok()) {
    switch (replies_.take(&answer.reply)) {
      case Taken::reply: return answer;
      case Taken::broken: answer.step = {StreamEnd::reset, "the answer is not Redis's"}; break;
      case Taken::more: {
        std::string bytes;
        answer.step = stream_.receive_some(&bytes, deadline);
        replies_.feed(bytes);
        break;
      }
    }
  }
  return answer;
}

Answer Session::exchange(const std::vector<std::string>& words, Nanos deadline) {
  Answer answer;
  answer.step = stream_.send(command(words), deadline);
  if (answer.step.ok()) answer = receive(deadline);
  if (!answer.step.ok())
    stream_.close();  // an answer that comes later must not meet another command
  return answer;
}

Answer Session::ask(const std::vector<std::string>& words, Nanos deadline) {
  // Between two commands a server speaks only to end the connection: as a primary does that sentinels made a replica.
  if (stream_.quiet()) return exchange(words, deadline);
  Answer answer;
  replies_.reset();
  answer.step = stream_.dial(deadline);
  if (answer.step.ok()) return exchange(words, deadline);
  stream_.close();
  return answer;
}

Answer Session::ask_also(const std::vector<std::string>& words, Nanos deadline) {
  if (stream_.quiet()) return exchange(words, deadline);
  stream_.close();
  Answer answer;
  answer.step = {StreamEnd::reset, "the connection ended"};
  return answer;
}

}  // namespace sunder::harness::redis
