package import Outbound

/// The ways out of a process: a chain of providers for each channel that leaves the house.
package struct NotificationChains: Sendable {
    package let email: ProviderChain<MailMessage>
    package let sms: ProviderChain<TextMessage>
    /// The sender of mails that name none.
    package let mailFrom: MailMessage.Mailbox
}
