// Names of the contract's enumerations, as they stand in files and answers.
#include "sunder/fault.hpp"
#include "sunder/history.hpp"

namespace sunder {

const char* name_of(CutKind kind) {
  switch (kind) {
    case CutKind::drop: return "drop";
    case CutKind::hold: return "hold";
    case CutKind::reset: return "reset";
    case CutKind::close: return "close";
    case CutKind::refuse: return "refuse";
  }
  return "?";
}

std::optional<CutKind> parse_cut_kind(std::string_view text) {
  for (const CutKind kind :
       {CutKind::drop, CutKind::hold, CutKind::reset, CutKind::close, CutKind::refuse}) {
    if (text == name_of(kind)) return kind;
  }
  return std::nullopt;
}

const char* name_of(EventType type) {
  switch (type) {
    case EventType::invoke: return "invoke";
    case EventType::ok: return "ok";
    case EventType::fail: return "fail";
    case EventType::info: return "info";
  }
  return "?";
}

const char* name_of(OpErrorClass c) {
  switch (c) {
    case OpErrorClass::none: return "";
    case OpErrorClass::not_sent: return "not-sent";
    case OpErrorClass::refused: return "refused";
    case OpErrorClass::definite: return "definite";
    case OpErrorClass::mismatch: return "mismatch";
    case OpErrorClass::timeout: return "timeout";
    case OpErrorClass::reset: return "reset";
  }
  return "?";
}

}  // namespace sunder
