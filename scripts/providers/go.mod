module longshore.local/providers

go 1.26.0

require (
	github.com/hashicorp/terraform-provider-google v1.20.1-0.20260828184646-f3721fb45fa3
	github.com/terraform-providers/terraform-provider-docker v0.0.0-00010101000000-000000000000
)

replace github.com/terraform-providers/terraform-provider-docker => github.com/kreuzwerker/terraform-provider-docker v0.0.0-20260916201441-96d331c98ff4
