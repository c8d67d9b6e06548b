import CFlotillaGLib
import Synchronization

/// A time zone by its IANA name, by GLib, which reads the system's zone files.
///
/// `@unchecked Sendable`: a `GTimeZone` never changes once it is made, and its count of references is atomic.
@safe package final class NamedTimeZone: @unchecked Sendable {
    package static let utc = unsafe NamedTimeZone(g_time_zone_new_utc(), name: "UTC", city: "UTC")

    package let name: String
    /// How a reader would call it: “Paris”, “New York”, “UTC”.
    package let city: String
    private let zone: OpaquePointer

    private init(_ zone: OpaquePointer, name: String, city: String) {
        unsafe self.zone = zone
        self.name = name
        self.city = city
    }

    deinit { unsafe g_time_zone_unref(zone) }

    /// The zone of an IANA name, `Europe/Paris`; `nil` when there is none of that name.
    package static func named(_ name: String) -> NamedTimeZone? {
        if let zone = known.withLock({ $0[name] }) { return zone }
        // GLib takes other spellings as well, and paths.
        guard isZoneName(name), let made = unsafe g_time_zone_new_identifier(name) else { return nil }
        let city = name.split(separator: "/").last.map { $0.map { $0 == "_" ? " " : String($0) }.joined() } ?? name
        let zone = unsafe NamedTimeZone(made, name: name, city: city)
        known.withLock { $0[name] = zone }
        return zone
    }

    /// How far its clocks are ahead of UTC, in microseconds.
    ///
    /// - Parameter time: Microseconds since 1970.
    package func offset(at time: Int64) -> Int64 {
        let seconds = time / 1_000_000 - (time % 1_000_000 < 0 ? 1 : 0)
        let interval = unsafe g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, gint64(seconds))
        return Int64(unsafe g_time_zone_get_offset(zone, interval)) * 1_000_000
    }

    /// What a clock in the zone shows.
    ///
    /// - Parameter time: Microseconds since 1970.
    package func local(at time: Int64) -> LocalTime? {
        let seconds = time / 1_000_000 - (time % 1_000_000 < 0 ? 1 : 0)
        guard let utc = unsafe g_date_time_new_from_unix_utc(gint64(seconds)) else { return nil }
        defer { unsafe g_date_time_unref(utc) }
        guard let local = unsafe g_date_time_to_timezone(utc, zone) else { return nil }
        defer { unsafe g_date_time_unref(local) }
        return LocalTime(
            year: Int(unsafe g_date_time_get_year(local)),
            month: Int(unsafe g_date_time_get_month(local)),
            day: Int(unsafe g_date_time_get_day_of_month(local)),
            weekday: Int(unsafe g_date_time_get_day_of_week(local)),
            hour: Int(unsafe g_date_time_get_hour(local)),
            minute: Int(unsafe g_date_time_get_minute(local))
        )
    }

    /// Zones that exist, so there are at most as many as the system has files.
    private static let known = Mutex<[String: NamedTimeZone]>([:])

    /// `Area/City` or `Etc/GMT+3`: letters, digits, `_`, `-` and `+` between slashes.
    private static func isZoneName(_ name: String) -> Bool {
        guard name.utf8.count <= 64, name == "UTC" || name.utf8.contains(UInt8(ascii: "/")) else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.utf8.first, (first | 0x20) >= 0x61, (first | 0x20) <= 0x7a else { return false }
            return part.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"):
                    true
                default: false
                }
            }
        }
    }
}
