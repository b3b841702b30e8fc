from typedpipes.pipedrive import Pipedrive

with Pipedrive.from_env() as crm:
    for deal in crm.v2.deals.list(limit=10).data:
        print(deal.id, deal.title, deal.value)
