import FlotillaOperations

extension Settings {
    static let bulkLimit = Setting<ByteCount>(
        "FLOTILLA_BULK_LIMIT",
        "How long the body of `POST /api/v1/jobs/batch` may be"
    ).within(ByteCount(1 << 20)...ByteCount(64 << 20)).defaulting(to: ByteCount(16 << 20))

    static let jobs: [any SettingDeclaration] = [bulkLimit]
}
