import FlotillaModules

/// What the fleet publishes of webhooks.
enum WebhookMessages {
    static var all: [MessageDescription] { [disabled, delivery] }

    private static var disabled: MessageDescription {
        MessageDescription(
            WebhookEvents.disabled,
            from: MessageDescription.fleet,
            "Nothing is delivered to an endpoint any more: it answered 410, or failed for too long.",
            fields: [
                PayloadField("endpointId", is: .identifier, "The endpoint.").required,
                PayloadField("name", is: .string(atMost: 255), "Its name.").required,
                PayloadField("url", is: .string(atMost: 10_000), "Its address; webhooks are not told it."),
                PayloadField("timestamp", is: .time, "When.").required,
            ],
            example: """
                {"endpointId":"0190a2b4-6c1e-7d3a-9f10-2b7c6d5e4f30","name":"core","url":"https://core.example/hook",\
                "timestamp":"2026-01-30T03:00:00Z"}
                """
        )
    }

    private static var delivery: MessageDescription {
        MessageDescription(
            WebhookOutbox.routingKey,
            [.job],
            from: MessageDescription.fleet,
            "One delivery to one endpoint; the event that it delivers is in the table of deliveries.",
            fields: [PayloadField(WebhookDeliveryMessage.field, is: .identifier, "The delivery's row.").required],
            isOpen: false,
            example: #"{"deliveryId":"0190a2b4-6c1e-7d3a-9f10-2b7c6d5e4f30"}"#
        )
    }
}
