use atelier_base::{ErrorKind, ProviderId};

use crate::{Error, ModelPolicyRow, PriceSource, ProviderModelRow, ProviderRow, Unique};

both_engines! {
    async fn providers_have_names_of_their_own(t) {
        let (ana, ben) = (t.user(), t.user());
        let mine = t.provider(ana.id, "Local");
        let mut second = t.provider(ana.id, "Cloud");
        t.write(async |tx| {
            tx.insert_user(&ana).await?;
            tx.insert_user(&ben).await?;
            tx.insert_provider(&mine).await?;
            tx.insert_provider(&second).await?;
            tx.insert_provider(&t.provider(ben.id, "Local")).await
        })
        .await;
        let error = t
            .write_fails(async |tx| tx.insert_provider(&t.provider(ana.id, "Local")).await)
            .await;
        assert!(matches!(error, Error::Taken { what: Unique::ProviderName }), "{error:?}");
        assert_eq!(error.to_string(), "this provider name is taken");
        second.name = "Local".to_owned();
        let error = t.write_fails(async |tx| tx.update_provider(&second).await).await;
        assert!(matches!(error, Error::Taken { what: Unique::ProviderName }), "{error:?}");

        let changed = ProviderRow {
            name: "Large".to_owned(),
            base_url: "http://127.0.0.1:1/v1".to_owned(),
            wire: "anthropic".to_owned(),
            local: Some(true),
            sealed_key: None,
            model: "large".to_owned(),
            input_picos_per_token: None,
            output_picos_per_token: Some(600),
            updated_at: t.now(),
            ..second
        };
        t.write(async |tx| tx.update_provider(&changed).await).await;
        assert_eq!(t.read(async |r| r.get_provider(changed.id).await).await, changed);
        let listed = t.read(async |r| r.list_providers(ana.id).await).await;
        assert_eq!(listed, [mine.clone(), changed.clone()]);
        let all = t.read(async |r| r.list_all_providers().await).await;
        assert_eq!(all.iter().filter(|row| row.owner_id == ana.id).count(), 2);
        assert_eq!(all.len(), 3, "and somebody else's");
        let found = t.read(async |r| r.find_provider_by_name(ana.id, "Local").await).await;
        assert_eq!(found, Some(mine.clone()));

        t.write(async |tx| tx.delete_provider(mine.id).await).await;
        let found = t.read(async |r| r.find_provider_by_name(ana.id, "Local").await).await;
        assert_eq!(found, None);
        let error = t.write_fails(async |tx| tx.delete_provider(mine.id).await).await;
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    async fn what_is_known_of_models_is_replaced_and_goes_with_the_provider(t) {
        let owner = t.user();
        let provider = t.provider(owner.id, "Cloud");
        let nobodys = ProviderId::from_uuid(uuid::Uuid::nil());
        let (model, shared) = (t.provider_model(provider.id, "m"), t.provider_model(nobodys, "s"));
        let changed = ProviderModelRow {
            fim: Some(true),
            price_source: Some(PriceSource::Provider),
            ..model.clone()
        };
        t.write(async |tx| {
            tx.insert_user(&owner).await?;
            tx.insert_provider(&provider).await?;
            tx.put_provider_model(&model).await?;
            tx.put_provider_model(&shared).await?;
            tx.put_provider_model(&changed).await
        })
        .await;
        let list = async |user| {
            t.read(async |r| r.list_provider_models(user, nobodys).await).await
        };
        assert_eq!(list(owner.id).await, [shared.clone(), changed]);
        assert_eq!(list(t.id()).await, std::slice::from_ref(&shared));
        t.write(async |tx| tx.delete_provider(provider.id).await).await;
        assert_eq!(list(owner.id).await, [shared]);
    }

    async fn a_policy_is_replaced(t) {
        let owner = t.user();
        let policy = |text: &str| ModelPolicyRow {
            owner_id: owner.id,
            policy: text.to_owned(),
            updated_at: t.now(),
        };
        let second = policy("{\"offline\":true}");
        t.write(async |tx| tx.insert_user(&owner).await).await;
        assert_eq!(t.read(async |r| r.find_model_policy(owner.id).await).await, None);
        t.write(async |tx| {
            tx.put_model_policy(&policy("{}")).await?;
            tx.put_model_policy(&second).await
        })
        .await;
        assert_eq!(t.read(async |r| r.find_model_policy(owner.id).await).await, Some(second));
    }
}
