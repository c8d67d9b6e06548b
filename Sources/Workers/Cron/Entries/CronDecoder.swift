import FlotillaLocalization
import FlotillaModels
import FlotillaYAMLFiles

/// Turns the section `cron` of a `queues.yaml` into entries, and collects every mistake on the way.
struct CronDecoder {
    /// `nil` takes every type.
    let types: Set<String>?
    let collector: MistakeCollector

    private static let keys = [
        "type", "schedule", "zone", "payload", "overlap", "catchUp", "jitter", "pauseOnFailure", "priority",
        "maxAttempts", "expiresAfter",
    ]

    /// No entries where there is no such section. What else is in the file is read by others.
    func entries(of root: YAMLNode) -> [CronEntry]? {
        guard case .mapping(let sections) = root.content else { return [] }
        let found = sections.filter { section in
            if case .scalar("cron", _) = section.key.content { true } else { false }
        }
        guard let node = found.first?.value else { return [] }
        guard let section = MappingReader(node, path: "cron", known: nil, noun: "cron entry", collector: collector)
        else { return [] }
        return section.keys.compactMap { name in
            if let problem = CronEntry.problem(withName: name) { section.addMistake(name.clipped, problem) }
            return section.mapping(name, known: Self.keys).flatMap { entry(name, $0) }
        }
    }

    /// `nil` with a mistake in what has no default.
    private func entry(_ name: String, _ section: MappingReader) -> CronEntry? {
        section.requireKey("type")
        section.requireKey("schedule")
        let type = type(in: section)
        let schedule = schedule(in: section)
        let zone = zone(in: section)
        let payload = payload(in: section)
        let overlap: CronOverlap? = section.choice("overlap")
        let catchUp = section.duration("catchUp", CronEntry.catchUps)
        let jitter = section.duration("jitter", CronEntry.jitters)
        let pauses = isOn("pauseOnFailure", in: section)
        let priority = section.choice("priority") as JobPriority?
        let maxAttempts = section.integer("maxAttempts", JobAttempts.allowed)
        let expiresAfter = section.duration("expiresAfter", CronEntry.expiries)
        guard let type, let schedule else { return nil }
        var entry = CronEntry(name: name, type: type, schedule: schedule, zone: zone)
        entry.payload = payload ?? entry.payload
        entry.overlap = overlap ?? entry.overlap
        entry.catchUp = catchUp ?? entry.catchUp
        entry.jitter = jitter ?? entry.jitter
        entry.pauseOnFailure = pauses
        entry.priority = priority ?? entry.priority
        entry.maxAttempts = maxAttempts
        entry.expiresAfter = expiresAfter
        return entry
    }

    private func type(in section: MappingReader) -> String? {
        guard let type = section.text("type") else { return nil }
        guard let types, !types.contains(type) else { return type }
        let known = types.sorted()
        let meant = type.closest(in: known).map { "; did you mean '\($0)'?" }
        let all = known.isEmpty ? "none" : known.joined(separator: ", ")
        section.addMistake("type", "no queue takes jobs of type '\(type.clipped)'\(meant ?? "; there are \(all)")")
        return nil
    }

    private func schedule(in section: MappingReader) -> CronSchedule? {
        guard let text = section.text("schedule") else { return nil }
        do throws(CronScheduleError) { return try CronSchedule(text) } catch {
            section.addMistake("schedule", error.description)
            return nil
        }
    }

    private func zone(in section: MappingReader) -> NamedTimeZone {
        guard let name = section.text("zone") else { return .utc }
        if let zone = NamedTimeZone.named(name) { return zone }
        section.addMistake("zone", CronEntry.problem(withZone: name))
        return .utc
    }

    private func payload(in section: MappingReader) -> [UInt8]? {
        guard let node = section.node("payload") else { return nil }
        let payload = Array(node.json(path: MappingReader.join(section.path, "payload"), collector).json.utf8)
        if payload.count > CronEntry.longestPayload {
            section.addMistake("payload", "has \(payload.count) bytes as JSON, at most \(CronEntry.longestPayload)")
        }
        return payload
    }

    private func isOn(_ key: String, in section: MappingReader) -> Bool {
        guard let node = section.node(key) else { return false }
        guard case .scalar(let text, isPlain: true) = node.content, ["true", "false"].contains(text) else {
            section.addMistake(key, "expected true or false, found \(node.kind)")
            return false
        }
        return text == "true"
    }
}
