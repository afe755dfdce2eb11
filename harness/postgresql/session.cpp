// See session.hpp.
#include "harness/postgresql/session.hpp"

#include <utility>

namespace sunder::harness::postgresql {

// Up to ReadyForQuery, or to an error that ends the connection.
Answer Session::receive(Nanos deadline) {
  Answer answer;
  while (answer.step.ok() && !answer.reply.ready) {
    switch (take_message(&arrived_, &answer.reply)) {
      case Taken::message: break;
      case Taken::broken: answer.step = {StreamEnd::reset, "the answer is not PostgreSQL's"}; break;
      case Taken::more: answer.step = stream_.receive_some(&arrived_, deadline); break;
    }
    if (answer.reply.asks_password) {
      answer.step = {StreamEnd::reset, "the server asks for a password; let it trust its clients"};
    }
  }
  return answer;
}

Answer Session::connect(Nanos deadline) {
  Answer answer;
  // Between two queries a server speaks only to end the connection.
  if (stream_.quiet()) return answer;
  arrived_.clear();
  answer.step = stream_.dial(deadline);
  if (answer.step.ok()) answer.step = stream_.send(startup_message(user_, database_), deadline);
  if (answer.step.ok()) answer = receive(deadline);
  answer.at_connect = true;
  if (answer.step.ok()) return answer;
  stream_.close();
  // Nothing of an operation has been sent yet.
  const bool turned_away = answer.step.end == StreamEnd::reset || answer.reply.error;
  if (turned_away) answer.step.end = StreamEnd::refused;
  if (answer.step.end == StreamEnd::timeout) answer.step.end = StreamEnd::not_sent;
  if (answer.reply.error) answer.step.text = answer.reply.error->text;
  return answer;
}

Answer Session::query(const std::string& sql, Nanos deadline) {
  Answer answer = connect(deadline);
  if (!answer.step.ok()) return answer;
  answer = {};
  answer.step = stream_.send(query_message(sql), deadline);
  if (answer.step.ok()) answer = receive(deadline);
  if (!answer.step.ok()) stream_.close();  // an answer that comes later must not meet another query
  return answer;
}

}  // namespace sunder::harness::postgresql
