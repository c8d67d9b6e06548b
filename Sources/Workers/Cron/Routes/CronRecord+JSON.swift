import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaPlatform

extension CronRecord {
    /// The entry as the API and the command line show it, as JSON.
    ///
    /// - Parameters:
    ///   - mask: what it may show of people.
    ///   - upcoming: nominal times that follow, in microseconds since 1970; `nil` leaves them out, and the payload.
    func json(mask: PersonalMask, upcoming: [Int64]? = nil) -> String {
        func time(_ moment: Int64?) -> String? { moment.map { WallClock.iso8601($0) } }
        var object = JSONObject()
        object.add("name", name)
        object.add("type", type)
        object.add("schedule", schedule)
        object.add("zone", zone)
        object.add("overlap", overlap.rawValue)
        object.add("catchUp", catchUp.text)
        object.add("jitter", jitter.text)
        object.add("pauseOnFailure", pauseOnFailure)
        object.add("priority", priority.rawValue)
        object.add("maxAttempts", maxAttempts)
        object.add("expiresAfter", expiresAfter?.text)
        object.add("source", source.rawValue)
        object.add("state", pause == nil ? "active" : "paused")
        if let pause {
            var paused = JSONObject()
            paused.add("at", time(pause.at))
            paused.add("by", pause.by)
            paused.add("note", mask.text(pause.note))
            object.add("paused", json: paused.closed)
        }
        object.add("nextAt", time(pause == nil ? nextAt : nil))
        object.add("nextLocal", pause == nil ? writtenNext : nil)
        object.add("lastNominalAt", time(lastNominalAt))
        object.add("lastJobId", lastJobID)
        object.add("missed", missed)
        object.add("skipped", skipped)
        if let upcoming {
            object.add("upcoming", jsons: upcoming.map { WallClock.iso8601($0).json })
            object.add("payload", json: mask.json(String(decoding: payload, as: UTF8.self)))
        }
        object.add("createdAt", time(createdAt))
        object.add("updatedAt", time(updatedAt))
        return object.closed
    }

    /// The next run as clocks of the zone show it.
    var writtenNext: String? {
        guard let nextAt, let zone = try? entry().zone else { return nil }
        return zone.written(nextAt)
    }

    /// The first few nominal times from now on; none while it is paused.
    func upcoming(_ count: Int, after now: Int64) -> [Int64] {
        guard pause == nil, let entry = try? entry() else { return [] }
        return entry.schedule.upcoming(count, after: now, in: entry.zone)
    }
}
