#pragma once

#include <utility>
#include <vector>

#include "group/answer.h"
#include "group/records.h"

namespace leat::group {

/// What a step leaves to do: records to write, in order, and answers to give once these are committed.
struct Actions {
  std::vector<Record> records;
  std::vector<Answer> answers;
};

/// One step under way: its time and what it does, collected.
class Step {
 public:
  /// What records change, changes here and nowhere else.
  class State {
   public:
    virtual ~State() = default;
    virtual void apply(const Record& record) = 0;
  };
  Step(const Now& now, State& state) : now(now), state_(state) {}

  const Now now;
  void answer(Ticket ticket, AnswerBody body) { actions_.answers.push_back({ticket, std::move(body)}); }
  /// Applies the record and hands it out to be written.
  void write(Record record) {
    state_.apply(record);
    actions_.records.push_back(std::move(record));
  }
  Actions take() { return std::move(actions_); }

 private:
  State& state_;
  Actions actions_;
};

}  // namespace leat::group
