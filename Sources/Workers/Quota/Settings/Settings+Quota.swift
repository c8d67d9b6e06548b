package import FlotillaOperations

/// Which plans companies have.
extension Settings {
    package static let plans = Setting<String>("FLOTILLA_PLANS", "The plan file").defaulting(to: "plans.yaml")
    package static let expiryNotices = Setting<DurationList>(
        "FLOTILLA_EXPIRY_NOTICES",
        "How long ahead of its end a subscription is warned of, between commas"
    ).defaulting(to: DurationList([.seconds(7 * 86_400), .seconds(86_400)]))

    static let quota: [any SettingDeclaration] = [plans, expiryNotices]
}
