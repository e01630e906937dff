terraform {
  required_providers {
    contentful = { source = "labd/contentful" }
  }
}

# The credential comes from CONTENTFUL_MANAGEMENT_TOKEN.
provider "contentful" {}

variable "space" {
  type    = string
  default = "shop"
}

resource "contentful_apikey" "website" {
  space_id     = var.space
  name         = "website"
  description  = "the shop"
  environments = ["master"]
}

# Older than the rule that a key opens one environment.
resource "contentful_apikey" "old_app" {
  space_id     = var.space
  name         = "old app"
  description  = "the first app"
  environments = ["master", "staging"]
}

module "site_key" {
  source   = "../modules/site_key"
  for_each = { kiosk = { environments = ["staging"], description = "screens in the stores" } }

  space        = var.space
  name         = each.key
  description  = each.value.description
  environments = each.value.environments
}
