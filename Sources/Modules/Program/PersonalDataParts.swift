package import FlotillaPersonalData

/// Places where personal data may stand, in the order in which they are asked and erased, and what ends what they hold.
package struct PersonalDataParts: Sendable {
    package var stores: [any PersonalDataStore]
    package var close: @Sendable () async -> Void

    package init(_ stores: [any PersonalDataStore] = [], close: @escaping @Sendable () async -> Void = {}) {
        self.stores = stores
        self.close = close
    }
}
