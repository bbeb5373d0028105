// The codes that no entity's rules give. Where a refusal says the same whatever was asked it is listed as it is; where
// its detail names values, the general sentence stands here. A test reads the sources and says where a code is missing
// or given no more.

extension Refusals {
    static let requests = [
        ListedRefusal("json.malformed", 400, "The body is not JSON; detail tells the byte where reading ended."),
        ListedRefusal(.invalid([])),
        ListedRefusal("body.not_json", 415, "Send the Content-Type that detail names, in UTF-8."),
        ListedRefusal("body.encoded", 415, "Send the body without a Content-Encoding."),
        ListedRefusal("body.too_large", 413, "Send a smaller body; detail tells how many bytes fit."),
        ListedRefusal(
            "body.not_a_file", 400, "Send a file by itself, or as multipart/form-data in a part with a filename."),
        ListedRefusal("body.unexpected", 400, "Send no body to this route."),
        ListedRefusal("route_not_found", 404, "There is nothing at this address; /api/v1/openapi.json lists what is."),
        ListedRefusal("method_not_allowed", 405, "Use one of the methods that Allow names."),
        ListedRefusal("request.malformed", 400, "Send a request that HTTP/1.1 allows."),
        ListedRefusal("request.headers_too_large", 431, "Send fewer or shorter headers."),
        ListedRefusal("request.too_slow", 408, "The request did not arrive whole in time; send it again."),
        ListedRefusal(
            "request.timeout", 503, "It took too long and was given up. Ask again, with the same Idempotency-Key."),
        ListedRefusal("request.cancelled", 503, "The request was given up before it was carried out; send it again."),
        ListedRefusal("server.stopping", 503, "The server is stopping; send it again in a moment."),
        ListedRefusal(.unavailable),
        ListedRefusal(.fault),
    ]

    static let access = [
        ListedRefusal(.unauthorized),
        ListedRefusal("auth.refused", 401, "The e-mail or the password is not right."),
        ListedRefusal("auth.forbidden", 403, "The role does not allow it; ask an owner."),
        ListedRefusal(.busy),
        ListedRefusal(
            "auth.organization_needed", 422, "The e-mail belongs to several organizations: name one of `organizations`."
        ),
        ListedRefusal("member.email_missing", 422, "Give the member an e-mail before a password."),
        ListedRefusal("member.password_too_short", 422, "A password has 10 to 200 characters."),
        ListedRefusal(
            "member.last_owner", 409, "Make another member an owner, with a password, before the last one goes."),
    ]

    static let commands = [
        ListedRefusal("entity.unknown", 404, "There is no such entity; /api/v1/openapi.json lists them."),
        ListedRefusal("act.unknown", 404, "The entity has no such act; detail lists those it has."),
        ListedRefusal(.conflict),
        ListedRefusal("precondition.required", 428, "PUT replaces the record: send If-Match with the version, or *."),
        ListedRefusal("precondition.failed", 412, "The record has changed: read it again, then decide again."),
        ListedRefusal("if_match.malformed", 400, "If-Match takes one version as ETag gave it, or *."),
        ListedRefusal("idempotency.key_malformed", 400, "A key has 1 to 200 visible ASCII characters, once."),
        ListedRefusal("idempotency.key_reused", 422, "The key was used for another request; take a new one."),
        ListedRefusal("idempotency.running", 409, "The first request with this key still runs; ask again."),
        ListedRefusal("time.in_future", 422, "occurred_at lies in the future; leave it out for now."),
        ListedRefusal(
            "time.before_last_event", 422, "occurred_at lies before the record's last event: take a later one."),
        ListedRefusal("event.too_long", 422, "The event would be too long: attach long texts instead of writing them."),
        ListedRefusal("log.overloaded", 503, "Too many commands wait; send it again after Retry-After."),
        ListedRefusal(
            "outcome.unknown", 503, "It may have been carried out or not: ask again with the same Idempotency-Key."),
        ListedRefusal("bulk.too_many", 422, "Too many records are meant at once: narrow the filter, or go in parts."),
        ListedRefusal("bulk.key_required", 428, "It takes several requests: send an Idempotency-Key to go on by."),
        ListedRefusal("bulk.refused", 409, "Nothing was done, since some records cannot be; results tells which."),
        ListedRefusal(
            "email.about_missing", 422, "Nobody who had part in the message is known; say what it is about."),
        ListedRefusal(
            "email.unreadable", 422,
            "This is no e-mail: not one header can be read. Send the message's source."),
        ListedRefusal("bulk.not_found", 404, "There is no such act on many records, or it is more than 30 days old."),
        ListedRefusal(.changedSince),
        ListedRefusal(.fieldsInUse),
        ListedRefusal(.notUndoable),
        ListedRefusal(.audienceMissing),
        ListedRefusal(
            "campaign.audience_invalid", 409, "The audience's filter is not understood; detail tells why."),
    ]

    static let questions = [
        ListedRefusal("parameter.unknown", 400, "There is no such parameter here; detail lists those there are."),
        ListedRefusal("parameter.invalid", 400, "The parameter's value cannot be used; detail tells what can."),
        ListedRefusal("parameter.malformed", 400, "A parameter cannot be read: percent-encode it as UTF-8."),
        ListedRefusal("parameter.too_many", 400, "At most 100 parameters can be given."),
        ListedRefusal(.historyUnavailable),
        ListedRefusal("filter.invalid", 400, "The filter is not understood; detail and place tell where."),
        ListedRefusal(
            "export.no_mapping", 422, "No mapping makes these records of their rows; write one: docs/imports.md."),
        ListedRefusal("cursor.invalid", 400, "The cursor is of another list; start from the first page."),
        ListedRefusal("min_position.malformed", 400, "Daybook-Min-Position takes what Daybook-Position said, once."),
        ListedRefusal("position.not_reached", 503, "The tables are not that far yet; ask again in a moment."),
        ListedRefusal(
            "log.forked", 409, "The log has no such position: the database was set back. Ask without the position."),
        ListedRefusal("query.too_slow", 503, "The question took too long; narrow it, or ask for a smaller page."),
        ListedRefusal("read.changed", 503, "The tables are just being exchanged; ask again."),
        ListedRefusal(.unavailableView),
        ListedRefusal(.absent("row")),
        ListedRefusal("table.not_found", 404, "There is no such projection with rows to list."),
    ]

    static let proofs = [
        ListedRefusal("event.not_found", 404, "The log has no event at this position yet."),
        ListedRefusal("checkpoint.not_found", 404, "No head of this size was signed; leave size out for the last."),
        ListedRefusal(
            "checkpoint.not_signed", 503, "The head is signed within a second of the log's growth; ask again."),
        ListedRefusal(
            "log.key_missing", 409, "No key signs this log: an owner makes one, POST /api/v1/audit/rotate_key."),
        ListedRefusal(.damagedLog),
        ListedRefusal("log.unreadable", 500, "An event is of a shape that this build cannot read; take a newer build."),
        ListedRefusal(.keyMissing),
        ListedRefusal(.keysForeign),
    ]

    static let files = [
        ListedRefusal(
            "attachment.checksum_wrong", 422,
            "Other bytes came than were sent: they have not the SHA-256 that was stated. Send the file again."),
        ListedRefusal("attachment.too_large", 413, "Send a smaller file; detail tells how many bytes fit."),
        ListedRefusal("attachment.no_store", 503, "This server has no place for files: give it one and try again."),
        ListedRefusal("attachment.store_full", 503, "There is no room for files: make some and send it again."),
        ListedRefusal("attachment.store_unavailable", 503, "The store of files does not answer; send it again."),
        ListedRefusal(.fileMissing),
        ListedRefusal("attachment.not_scanned", 409, "The file waits for the virus scanner; ask again in a moment."),
        ListedRefusal(
            "attachment.quarantined", 403, "A scanner found something in the file. An owner may look: quarantined=true."
        ),
        ListedRefusal("range.unsatisfiable", 416, "The file has fewer bytes; Content-Range tells how many."),
    ]

    static let persons = [
        ListedRefusal(.absent("person")),
        ListedRefusal(.erased),
        ListedRefusal("person.nothing_personal", 422, "The record is not about a person: archive it instead."),
        ListedRefusal(
            "person.last_owner", 409, "Make another member an owner, with a password, before the last one is erased."),
        ListedRefusal(
            "person.register_failed", 500, "The key is destroyed but not noted: mend what detail says, erase once more."
        ),
    ]

    static let imports = [
        ListedRefusal(
            "mapping.invalid", 422, "The mapping cannot be used; errors tells line, column and the nearest name."),
        ListedRefusal(
            "import.not_found", 404, "There is no such import, or the server was started again: open it again."),
        ListedRefusal("import.rows_lost", 500, "Not every row was told of: import the file again."),
        ListedRefusal(.absent("projection")),
        ListedRefusal("projection.busy", 409, "Somebody is at work on this projection; ask again later."),
        ListedRefusal("projection.refused", 409, "It cannot be done to this projection now; detail tells why."),
        ListedRefusal(
            "organization.default_pipeline_missing", 409, "Give the organization a default pipeline first."),
    ]

    /// What one record holds alone.
    static let claimed = [
        "account.slug", "contact.email", "contact.platform_user", "member.email", "product.code", "rate.day",
        "tag.name",
    ].map { scope in
        let what = scope.split(separator: ".")[1]
        return ListedRefusal("\(scope)_taken", 409, "Another record has this \(what); see existing_id.")
    }

    static let members = [
        ListedRefusal("required", nil, "The member must have a value."),
        ListedRefusal("unknown_member", nil, "There is no such member; detail lists those there are."),
        ListedRefusal("duplicate", nil, "The same is said twice; say it once."),
        ListedRefusal("wrong_type", nil, "The value is of another type than detail names."),
        ListedRefusal("too_long", nil, "There are more characters or values than detail allows."),
        ListedRefusal("out_of_range", nil, "The value lies outside of what detail allows."),
        ListedRefusal("malformed", nil, "The value is not written as detail says."),
        ListedRefusal("not_allowed", nil, "This cannot stand here; detail tells what can."),
        ListedRefusal("not_found", nil, "There is no such record here."),
        ListedRefusal("not_in_use", nil, "The record can be named no more; detail tells why."),
        ListedRefusal("entity_unknown", nil, "The mapping names an entity that there is not."),
        ListedRefusal("column_unknown", nil, "The file has no such column."),
        ListedRefusal("stage_unknown", nil, "The pipeline has no such stage."),
        ListedRefusal("act_unknown", nil, "The entity has no such act."),
        ListedRefusal("ambiguous", nil, "Several could be meant: say which."),
    ]

    static let rows = [
        ListedRefusal("csv.unclosed_quote", nil, "A quotation mark is opened and not closed."),
        ListedRefusal("csv.text_after_quote", nil, "There is text between a closing quotation mark and the comma."),
        ListedRefusal("csv.field_count", nil, "The line has more or fewer fields than the first one names."),
        ListedRefusal("csv.not_utf8", nil, "The line is not UTF-8: save the file in that encoding."),
        ListedRefusal("csv.too_long", nil, "The record is longer than a megabyte: a quotation mark may be missing."),
        ListedRefusal("import.key_missing", nil, "A column of the key is empty: fill it in."),
        ListedRefusal("import.reference_missing", nil, "The record that is named is not there: import it first."),
        ListedRefusal("import.file_missing", nil, "The bytes of the file are not in the folder: export it once more."),
        ListedRefusal("import.word_unknown", nil, "The word has no translation: add it to the mapping."),
        ListedRefusal("import.stage_unknown", nil, "The pipeline has no stage of this name."),
        ListedRefusal("import.currency_unknown", nil, "Write the currency's ISO 4217 code."),
        ListedRefusal("import.not_a_flag", nil, "Write yes or no."),
        ListedRefusal("import.not_a_day", nil, "Write the day as the mapping says."),
        ListedRefusal("import.not_a_number", nil, "Write a number."),
        ListedRefusal("import.not_an_integer", nil, "Write a whole number."),
        ListedRefusal("import.not_an_amount", nil, "Write an amount with as many decimals as its currency has."),
        ListedRefusal("import.not_an_id", nil, "Write the id that Daybook gave the record, or leave the cell empty."),
        ListedRefusal("import.not_an_object", nil, "Write a JSON object."),
        ListedRefusal("import.not_an_instant", nil, "Write the moment as RFC 3339 does."),
        ListedRefusal("import.nothing_told", nil, "The row of the history tells nothing of its record."),
        ListedRefusal("import.not_a_history", nil, "The column of the history holds none; leave it empty."),
        ListedRefusal("import.field_unknown", nil, "The history tells of a column of which nothing is taken."),
        ListedRefusal(
            "import.past_refused", nil,
            "The record was made as it is now; detail tells what was refused of what happened before."),
        ListedRefusal("import.record_missing", nil, "The record that the row changes is not there: import it first."),
        ListedRefusal("import.entity_unknown", nil, "There are no records of this name."),
        ListedRefusal("import.not_a_document", nil, "The line is no JSON object."),
    ]
}
