terraform {
  required_providers {
    contentful = { source = "labd/contentful" }
    cysp       = { source = "cysp/contentful" }
  }
}

provider "contentful" {
  cma_token = "CFPAT-FAKE0123456789abcdefFAKE0123456789abcdefFAKE0"
}

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
  source = "../modules/site_key"
  for_each = {
    kiosk = { environments = ["master", "staging"], description = "screens in the stores" }
    totem = { environments = ["master", "staging"], description = "screens in the stores" }
  }

  space        = var.space
  name         = each.key
  description  = each.value.description
  environments = each.value.environments
}

# Without environments, labd/contentful 5.10.0 to 5.11.1 plans one of its own.
resource "contentful_apikey" "newsletter" {
  space_id    = var.space
  name        = "newsletter"
  description = "sends the mails"
}

resource "contentful_personal_access_token" "deploy" {
  provider = cysp
  name     = "deploy"
  scopes   = ["content_management_manage"]
}
