import FlotillaCommandLineKit
package import FlotillaLocalization

/// A time zone by its IANA name.
package struct ZoneName: TextValue {
    package static let utc = ZoneName(zone: .utc)

    package let zone: NamedTimeZone

    private init(zone: NamedTimeZone) { self.zone = zone }

    package init?(text: String) {
        guard let zone = NamedTimeZone.named(text) else { return nil }
        self.zone = zone
    }

    package static var expectation: String { "a time zone such as Europe/Paris" }
    package var text: String { zone.name }
}
