# A key for one site.

terraform {
  required_providers {
    contentful = { source = "labd/contentful" }
  }
}

variable "space" { type = string }
variable "name" { type = string }
variable "description" { type = string }
variable "environments" { type = list(string) }

resource "contentful_apikey" "this" {
  space_id     = var.space
  name         = var.name
  description  = var.description
  environments = var.environments
}
