import {
  to = segment_destination_subscription.id-66a_4tU
  id = "66a:4tU"
}

# Written by Git Sync, with jsonencode.
resource "segment_destination_subscription" "id-66a_4tU" {
  action_id      = "a1"
  destination_id = "66a"
  enabled        = true
  model_id       = null
  name           = "VIP \"shoppers\" é \u00fc $${x}"
  reverse_etl_schedule = {
    config   = null
    strategy = "MANUAL"
  }
  settings = jsonencode({
    batch_size      = 0
    enable_batching = true
    emailAddress = {
      "@path" = "$.context.traits.email"
    }
    listId = 12345 # the list
    profileFieldValues = {
      "789" = "useAudienceKey"
      790   = -1.50
      791   = 1e3
      792 = {
        "@arrayPath" = [{
          "@path" = "$.properties.items"
          }, {
          sku = {
            "@path" = "$.sku"
          }
        }]
      }
      793 : true
    }
  })
  trigger = "type = \"track\" and match(event, \"a\\\\b*\")"
}

resource "segment_destination_subscription" "quoted" {
  action_id = "a2"
  enabled   = false
  name      = "Quoted"
  settings  = "{\"listId\":1,\"profileFieldValues\":{\"7\":\"on\"}}"
  trigger   = <<-EOT
    type = "track" and
      event = "$${x}"
  EOT
}

resource "segment_source" "web" {
  name = "web"
}
