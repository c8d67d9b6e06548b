package import FlotillaOperations
package import FlotillaPlatform

/// How tickets are made and where their files are kept.
extension Settings {
    package static let ticketFolder = Setting<String>(
        "FLOTILLA_TICKETS_FOLDER",
        "Where tickets' files are kept",
        otherwise: "tickets, in the home"
    )
    package static let ticketURL = Setting<String>(
        "FLOTILLA_TICKETS_URL",
        "What the addresses of tickets begin with, or a whole address with `{id}` or `{path}` in it",
        otherwise: "the API's, with a proof"
    )
    package static let ticketStore = Setting<String>(
        "FLOTILLA_TICKETS_S3_URL",
        "A store with S3's interface in place of the folder, with its bucket: `https://s3.example.com/bucket`",
        address: .http
    )
    package static let ticketStoreRegion = Setting<String>("FLOTILLA_TICKETS_S3_REGION", "The store's region")
        .defaulting(to: "us-east-1")
    package static let ticketStoreKey = Setting<String>("FLOTILLA_TICKETS_S3_KEY_ID", "The id of the access key")
    package static let ticketStoreSecret = Setting<Secret>("FLOTILLA_TICKETS_S3_SECRET", "The access key's secret")
    package static let ticketTemplates = Setting<WordList>(
        "FLOTILLA_TICKETS_TEMPLATES",
        "What services' template ids stand for, between commas: `12=standard,13=vip`"
    )
    package static let ticketLanguage = Setting<String>(
        "FLOTILLA_TICKETS_LANGUAGE",
        "The language of tickets whose job names none: `en` or `fr`"
    ).defaulting(to: "en")
    package static let ticketZone = Setting<ZoneName>(
        "FLOTILLA_TICKETS_TIME_ZONE",
        "The time zone of events whose job names none",
        otherwise: "FLOTILLA_TIME_ZONE's"
    )
    package static let ticketSignature = Setting<String>(
        "FLOTILLA_TICKETS_SIGNATURE",
        "How a first key signs tickets: `ed25519` or `hmac-sha256`"
    ).defaulting(to: "ed25519")
    package static let ticketThreads = Setting<Int>(
        "FLOTILLA_TICKETS_THREADS",
        "How many tickets a process draws at a time",
        otherwise: "one for each core"
    ).within(1...256)

    package static let scanTwoPlaces = Setting<Duration>(
        "FLOTILLA_SCAN_TWO_PLACES",
        "A ticket scanned at two places within this time is suspected to be copied"
    ).within(.zero ... .seconds(86_400)).defaulting(to: .seconds(30))
    package static let scanForgedBurst = Setting<Int>(
        "FLOTILLA_SCAN_FORGED_BURST",
        "How many forged codes one operator scans in a minute before it is suspected"
    ).within(1...1_000_000).defaulting(to: 10)

    static let tickets: [any SettingDeclaration] = [
        ticketFolder, ticketURL, ticketStore, ticketStoreRegion, ticketStoreKey, ticketStoreSecret, ticketTemplates,
        ticketLanguage, ticketZone, ticketSignature, ticketThreads, scanTwoPlaces,
        scanForgedBurst,
    ]
}
