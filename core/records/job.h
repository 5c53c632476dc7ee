// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/records/run.h"

namespace kvw {

/// What a worker is asked to do, and how that went.
struct JobRecord
{
    RowId id = 0;
    RunKind kind = RunKind::Ppl;
    std::string specification_json = "{}";
    JobStatus status = JobStatus::Queued;
    std::string created_at; ///< the store fills it in when empty
    std::optional<std::string> started_at;
    std::optional<std::string> finished_at;
    std::optional<RowId> run; ///< that it made
    std::optional<std::string> error_code;
    std::optional<std::string> error_message;
    std::optional<std::string> error_hint;
    std::optional<std::string> process; ///< process_identity() of the worker while it is running
    bool operator==(const JobRecord&) const = default;
};

/// One line of a job's history.
struct JobEvent
{
    RowId job = 0;
    std::string at;   ///< the store fills it in when empty
    std::string type; ///< "stage", "warning", "result", ... of the worker's protocol
    std::string body_json = "{}";
    bool operator==(const JobEvent&) const = default;
};

/// A sentence that a person left at a run, or at the project.
struct Note
{
    RowId id = 0;
    std::optional<RowId> run;
    std::string created_at; ///< the store fills it in when empty
    std::string text;
    bool operator==(const Note&) const = default;
};

template<typename Visitor, RecordOf<JobRecord> Record>
void visit_fields(Visitor&& visit, Record& job)
{
    visit(Field{"kind", Title("Kind"), "", Form::Choice, Sense::Detail, Plot::No, "what the job does"}, job.kind);
    visit(Field{"specification_json", Title("Specification"), "", Form::Code, Sense::Detail, Plot::No,
                "what it was asked for"},
          job.specification_json);
    visit(Field{"status", Title("Status"), "", Form::Choice, Sense::Detail, Plot::No, "how it stands"}, job.status);
    visit(
        Field{"created_at", Title("Asked for"), "", Form::Time, Sense::Detail, Plot::No, "when it was asked for, UTC"},
        job.created_at);
    visit(Field{"started_at", Title("Started"), "", Form::Time, Sense::Detail, Plot::No, "begin, UTC"}, job.started_at);
    visit(Field{"finished_at", Title("Finished"), "", Form::Time, Sense::Detail, Plot::No, "end, UTC"},
          job.finished_at);
    visit(Field{"run", Title("Run"), "", Form::Whole, Sense::Detail, Plot::No, "the run that it made"}, job.run);
    visit(Field{"error_code", Title("Kind of error"), "", Form::Words, Sense::Detail, Plot::No,
                "kind of the error that ended it"},
          job.error_code);
    visit(Field{"error_message", Title("Error"), "", Form::Words, Sense::Detail, Plot::No, "the error"},
          job.error_message);
    visit(Field{"error_hint", Title("Hint"), "", Form::Words, Sense::Detail, Plot::No, "what to try"}, job.error_hint);
    visit(Field{"process", Title("Process"), "", Form::Words, Sense::Detail, Plot::No, "worker's process"},
          job.process);
}

template<typename Visitor, RecordOf<JobEvent> Record>
void visit_fields(Visitor&& visit, Record& event)
{
    visit(Field{"job", Title("Job"), "", Form::Whole, Sense::Detail, Plot::No, "number of the job"}, event.job);
    visit(Field{"at", Title("Time"), "", Form::Time, Sense::Detail, Plot::No, "when, UTC"}, event.at);
    visit(Field{"message_type", Title("Message"), "", Form::Choice, Sense::Detail, Plot::No, "kind of message"},
          event.type);
    visit(Field{"body_json", Title("Content"), "", Form::Code, Sense::Detail, Plot::No, "the message"},
          event.body_json);
}

template<typename Visitor, RecordOf<Note> Record>
void visit_fields(Visitor&& visit, Record& note)
{
    visit(Field{"run", Title("Run"), "", Form::Whole, Sense::Detail, Plot::No, "the run it is about"}, note.run);
    visit(Field{"created_at", Title("Written"), "", Form::Time, Sense::Detail, Plot::No, "when, UTC"}, note.created_at);
    visit(Field{"note", Title("Note"), "", Form::Words, Sense::Detail, Plot::No, "the note"}, note.text);
}

} // namespace kvw
